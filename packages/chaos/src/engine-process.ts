import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Told } from './witnessed-engine.js';

/** A token as callers of a process were handed it. Asked for from `first` to `last`. */
export interface HandedToken {
  readonly account: string;
  readonly generation: number;
  readonly print: string;
  readonly first: number;
  readonly last: number;
}

/** What a process says when it is asked for an account's token. */
export type AccountAnswer = { readonly account: string } & (
  | { readonly print: string; readonly generation: number }
  | { readonly code: string; readonly reason?: string; readonly retryInMs?: number }
);

export type Heard =
  | Told
  | {
      readonly told: 'handed';
      readonly at: number;
      readonly tokens: readonly HandedToken[];
      readonly counts: { readonly served: number; readonly refused: number };
    };

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

// The built file, also where the sources are run by the tests.
const child = fileURLToPath(new URL('../dist/engine-child.js', import.meta.url));
const shim = new URL('../dist/shifted-date.js', import.meta.url).href;

/** A running `engine-child.js`. */
export class EngineProcess {
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #hasEnded = false;

  constructor(
    readonly name: string,
    logFile: string,
    wallShiftMs: number,
    hear: (process: EngineProcess, heard: Heard) => void,
  ) {
    const log = openSync(logFile, 'a', 0o600);
    const env = { ...process.env, WALL_SHIFT_MS: String(wallShiftMs), NODE_OPTIONS: '' };
    this.#child = spawn(process.execPath, ['--import', shim, child], {
      stdio: ['pipe', 'pipe', log],
      env,
    });
    closeSync(log);
    this.#stdin.on('error', () => {});
    createInterface(this.#child.stdout as Readable).on('line', (line) => {
      const said = whole(line);
      if (said === undefined) return;
      if ('told' in said) hear(this, said as unknown as Heard);
      else this.#answered(said);
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#hasEnded = true;
        for (const { reject } of this.#waiting.values()) reject(this.#gone());
        this.#waiting.clear();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return !this.#hasEnded;
  }

  /** @throws Error what went wrong there, or that the process has ended */
  ask<Answer>(command: string, facts: object = {}): Promise<Answer> {
    if (this.#hasEnded) return Promise.reject(this.#gone());
    this.#asked += 1;
    const number = this.#asked;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
    });
    this.#stdin.write(`${JSON.stringify({ number, command, facts })}\n`);
    return answer as Promise<Answer>;
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#hasEnded) this.#child.kill(name);
  }

  get #stdin(): Writable {
    return this.#child.stdin as Writable;
  }

  #answered({ number, answer, error }: Record<string, unknown>): void {
    const waiting = this.#waiting.get(number as number);
    this.#waiting.delete(number as number);
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error((error as Error).message));
  }

  #gone(): Error {
    return new Error(`Process ${this.name} has ended.`);
  }
}

/** The last line of a killed process may be half a line. */
function whole(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
