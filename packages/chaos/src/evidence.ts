import type { SingleUse } from '@tokenkeep/core';
import type { AccountAnswer, HandedToken } from './engine-process.js';
import type { Cut } from './reply-cutter.js';
import type { WitnessedEntry } from './witnessed-authority.js';
import type { EventFacts, LoginBudget } from './witnessed-engine.js';

/** All that is known of a run when it is over. Plain data: a judge needs nothing else. */
export interface Evidence {
  readonly servers: readonly ServerEvidence[];
  /** By id. */
  readonly attempts: ReadonlyMap<string, AttemptEvidence>;
  /** By the id of the attempt whose request or reply it was. */
  readonly cuts: ReadonlyMap<string, Cut>;
  readonly lives: readonly ProcessLife[];
  readonly handed: readonly HandedBy[];
  readonly events: readonly {
    readonly at: number;
    readonly process: string;
    readonly name: string;
    readonly facts: EventFacts;
  }[];
  /** What every process said of every account after faults had stopped. */
  readonly healing: readonly HealedAccount[];
  readonly disturbances: readonly { readonly at: number; readonly what: string }[];
  readonly served: number;
  readonly refused: number;
  readonly escrowWindowsMs: readonly number[];
  /** Of the time that counts: after every process had begun, until faults were stopped. */
  readonly from: number;
  readonly until: number;
  /** What was found where no secret may be. */
  readonly leaks: readonly string[];
  readonly scannedBytes: number;
  /** Processes that outlived the run. */
  readonly survivors: readonly string[];
}

export interface ServerEvidence {
  readonly name: string;
  readonly refreshToken: 'reusable' | SingleUse;
  readonly inDoubt: 'never-resend' | 'resend-once';
  readonly accessLifeMs: number;
  readonly logsIn: boolean;
  readonly loginBudget: LoginBudget;
  readonly accounts: readonly string[];
  readonly entries: readonly WitnessedEntry[];
  readonly issued: readonly IssuedEvidence[];
}

/** A token set as its server knows it. */
export interface IssuedEvidence {
  readonly account: string;
  readonly generation: number;
  readonly family: number;
  readonly print: string;
  readonly accessEndsAt: number;
}

/** One attempt of an engine, by what it said before it ended or was killed. */
export interface AttemptEvidence {
  readonly attemptId: string;
  readonly process: string;
  readonly account: string;
  readonly operation: string;
  /** Of the engine's record, when it began. */
  readonly generation: number;
  readonly startedAt: number;
  /** The last crash point it passed. */
  point: string | undefined;
  /** Its pair was durable: in the record, or in escrow. */
  keptAt: number | undefined;
  /** It came to an end in its process, with tokens or without. */
  endedAt: number | undefined;
  /** The error it ended with. */
  error: string | undefined;
}

export interface ProcessLife {
  readonly name: string;
  readonly startedAt: number;
  readonly killedAt: number | undefined;
}

export interface HandedBy extends HandedToken {
  readonly process: string;
  /** When the process had said so. */
  readonly saidAt: number;
}

export interface HealedAccount {
  readonly account: string;
  /** After so long every process served a token that its server takes. `undefined`: not in time. */
  readonly afterMs: number | undefined;
  /** The last answer of a process that did not serve. */
  readonly answer: AccountAnswer | undefined;
  /** Fingerprint of the access token that stands in the record in the end. */
  readonly print: string | undefined;
  /** Of the record, looked at when all served. */
  readonly generation: number;
  readonly lookedAt: number;
}

/** Requests of one account at one server, oldest first. */
export function byAccount(server: ServerEvidence): Map<string, WitnessedEntry[]> {
  const all = new Map<string, WitnessedEntry[]>();
  for (const entry of server.entries) {
    const { accountId } = entry;
    if (accountId === undefined) continue;
    const known = all.get(accountId);
    if (known === undefined) all.set(accountId, [entry]);
    else known.push(entry);
  }
  return all;
}

/** It names accounts and fingerprints, and holds no secret. */
export function evidenceText(evidence: Evidence): string {
  const plain = (_name: string, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value) : value;
  return JSON.stringify(evidence, plain);
}
