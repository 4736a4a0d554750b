import type { AccessToken, CrashPoint, EventName, StoredRow, TokenError } from '@tokenkeep/core';
import type { SimProcess } from './host/sim-process.js';
import type { NetworkWatcher } from './network/send.js';

/** One question of one caller. */
export interface Asking {
  readonly process: SimProcess;
  /** The engine's name for the account. */
  readonly account: string;
  /** True ms since the simulation began. */
  readonly askedAt: number;
  /** How often its process had been held by then. */
  readonly timesHeldBefore: number;
  /** How long it was ready to wait, ms. */
  readonly waitMs: number;
}

/** Sees what happens, from outside: the truth of servers, wires and rows, not the engine's word. */
export interface Watcher extends NetworkWatcher {
  /** An account's row changed in the store. */
  changed?(id: string, before: StoredRow | undefined, after: StoredRow): void;
  asked?(asking: Asking): void;
  served?(asking: Asking, token: AccessToken): void;
  refused?(asking: Asking, error: TokenError): void;
  /** What an engine says it did. For counting and for the trace, not for judging. */
  told?(process: SimProcess, event: EventName, facts: EventFacts): void;
  /** A process was made to die at a crash point of a renewal. */
  diedAt?(point: CrashPoint, process: SimProcess): void;
  /** The end of the run. */
  ended?(): void;
}

export interface EventFacts {
  readonly account?: string;
  readonly generation?: number;
  readonly [name: string]: unknown;
}
