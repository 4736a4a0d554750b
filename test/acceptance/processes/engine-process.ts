import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Parameters as EngineParameters, Pace } from '@tokenkeep/core';
import type { StoreSettings } from '@tokenkeep/servers';

const script = fileURLToPath(new URL('./engine.mjs', import.meta.url));
/** Code that is compiled while it runs is part of the heap, and grows for minutes. */
const asMeasured = ['--expose-gc', '--no-opt', '--no-sparkplug'];
const LONGEST_ANSWER_MS = 50_000;
const shim = new URL('./shifted-clocks.mjs', import.meta.url).href;

export interface EngineSettings {
  readonly store: StoreSettings;
  readonly provider: object;
  readonly accounts: readonly object[];
  readonly parameters?: Partial<EngineParameters>;
  readonly pace?: Readonly<Record<string, Pace>>;
  readonly umask?: number;
  /** SIGTERM and SIGINT stop the engine; a second one ends the process at once. */
  readonly signals?: { readonly deadlineMs?: number };
}

export interface ProcessOptions {
  /** Its clocks can be shifted; its wall clock is off by this much from the start. */
  readonly wallShiftMs?: number;
  /** What it holds on to is to be measured: it collects garbage when asked, and compiles nothing. */
  readonly measured?: boolean;
}

/** What a process holds on to. */
export interface Measured {
  readonly heapBytes: number;
  /** Of timers, sockets and the like: how many of each kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** Since its start. */
  readonly logLines: number;
}

/** A token as another process has it. */
export interface TokenThere {
  readonly generation: number;
  readonly print: string;
  readonly expiresAt: number;
  readonly wall: number;
}

/** What a process was handed while it asked again and again. Times are real, not shifted. */
export interface Watched {
  /** By `<account>#<generation>`. */
  readonly handed: Record<string, { prints: string[]; first: number; last: number }>;
  readonly errors: string[];
  readonly renewalsStarted: number[];
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What an engine in another process threw. */
class ThrownThere extends Error {
  constructor(
    readonly facts: { code?: string; reason?: string; retryInMs?: number; message: string },
  ) {
    super(facts.message);
  }
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A running `engine.mjs`. */
export class EngineProcess {
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #complaints = '';
  #end: ProcessEnd | undefined;
  #signalled: () => void = () => {};
  /** The process has understood a signal and begun to stop. */
  readonly signalled = new Promise<void>((resolve) => {
    this.#signalled = resolve;
  });

  constructor({ wallShiftMs, measured = false }: ProcessOptions = {}) {
    const imports = wallShiftMs === undefined ? [] : ['--import', shim];
    const flags = measured ? [...asMeasured, ...imports] : imports;
    const env = { ...process.env, WALL_SHIFT_MS: String(wallShiftMs ?? 0), NODE_OPTIONS: '' };
    this.#child = spawn(process.execPath, [...flags, script], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env,
    });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    createInterface(this.#child.stdout).on('line', (line) => this.#heard(line));
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.#end = { code, signal };
        resolve(this.#end);
        for (const { reject } of this.#waiting.values()) reject(this.#died());
        this.#waiting.clear();
      });
    });
  }

  get running(): boolean {
    return this.#end === undefined;
  }

  get complaints(): string {
    return this.#complaints;
  }

  /** @throws ThrownThere what the engine threw; Error when the process ended instead */
  ask<Answer = TokenThere>(
    command: string,
    facts: object = {},
    limitMs = LONGEST_ANSWER_MS,
  ): Promise<Answer> {
    if (!this.running) return Promise.reject(this.#died());
    this.#asked += 1;
    const number = this.#asked;
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(number, { resolve: resolve as Waiting['resolve'], reject });
    });
    this.#child.stdin.write(`${JSON.stringify({ number, command, ...facts })}\n`);
    // A test that failed before it woke a stopped process would wait for it for ever.
    const impatient = setTimeout(() => this.#child.kill('SIGKILL'), limitMs);
    return answer.finally(() => clearTimeout(impatient));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when the process really stands still, by whoever's SIGSTOP. */
  async standsStill(): Promise<void> {
    while (!this.#state().startsWith('T')) {
      if (!this.running) throw this.#died();
      await sleep(5);
    }
  }

  /** Nothing more is asked: from here on only the engine's own handles keep the process alive. */
  letGo(): void {
    this.#child.stdin.end();
  }

  async kill(): Promise<void> {
    if (this.running) this.#child.kill('SIGKILL');
    await this.ended;
  }

  #heard(line: string): void {
    const { number, answer, error, signalled } = JSON.parse(line);
    if (signalled !== undefined) this.#signalled();
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (error !== undefined) waiting?.reject(new ThrownThere(error));
    else waiting?.resolve(answer as never);
  }

  #state(): string {
    const { pid } = this.#child;
    const file = `/proc/${pid}/stat`;
    if (existsSync('/proc/self/stat')) {
      const stat = existsSync(file) ? readFileSync(file, 'utf8') : '';
      return stat.slice(stat.lastIndexOf(')') + 2);
    }
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  }

  #died(): Error {
    const { code, signal } = this.#end ?? {};
    return new Error(`The process ended (${signal ?? code}) ${this.#complaints}`);
  }
}
