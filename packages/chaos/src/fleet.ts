import { join } from 'node:path';
import type { Diary } from './diary.js';
import { EngineProcess, type Heard } from './engine-process.js';
import type { EngineSettings } from './witnessed-engine.js';

const ASK_EVERY_MS = 1_000;

/** So many processes that run engines. Whoever dies is replaced at once. */
export class Fleet {
  readonly #places: (EngineProcess | undefined)[] = [];
  readonly #all: EngineProcess[] = [];
  readonly #awake = new Map<EngineProcess, NodeJS.Timeout>();
  #started = 0;
  #isOver = false;

  constructor(
    private readonly folder: string,
    private readonly diary: Diary,
    private readonly settings: () => EngineSettings,
    private readonly keys: readonly string[],
    /** Which wall clock the next process has. */
    private readonly wallShiftMs: () => number,
    private readonly onHeard: (process: EngineProcess, heard: Heard) => void = () => {},
  ) {}

  get size(): number {
    return this.#places.length;
  }

  get processes(): EngineProcess[] {
    return this.#places.flatMap((process) => (process === undefined ? [] : [process]));
  }

  /** The process at this part of the list, from 0 to 1. */
  at(part: number): EngineProcess | undefined {
    return this.#places[Math.floor(part * this.#places.length)];
  }

  byName(name: string): EngineProcess | undefined {
    return this.processes.find((process) => process.name === name);
  }

  async start(count: number): Promise<void> {
    this.#places.length = count;
    for (let place = 0; place < count; place += 1) await this.#begin(place);
  }

  kill(process: EngineProcess): void {
    if (
      !process.running ||
      this.diary.lives.some((life) => life.name === process.name && life.killedAt)
    )
      return;
    this.diary.killed(process.name);
    process.signal('SIGKILL');
    const place = this.#places.indexOf(process);
    clearTimeout(this.#awake.get(process));
    this.#awake.delete(process);
    void process.ended.then(() => {
      if (!this.#isOver && place >= 0) void this.#begin(place).catch(() => {});
    });
  }

  /** Stands still for so long. */
  pause(process: EngineProcess, ms: number): void {
    if (!process.running || this.#awake.has(process)) return;
    process.signal('SIGSTOP');
    this.#awake.set(
      process,
      setTimeout(() => this.#resume(process), ms),
    );
  }

  heal(): void {
    for (const process of this.#awake.keys()) this.#resume(process);
  }

  /** @returns names of processes that had to be killed */
  async stop(): Promise<string[]> {
    this.#isOver = true;
    this.heal();
    const running = this.#all.filter(({ running }) => running);
    const patience = new Promise((resolve) => setTimeout(resolve, 20_000).unref());
    const asked = running.map(async (process) => {
      await process.ask('stop').catch(() => {});
      await process.ended;
    });
    await Promise.race([Promise.all(asked), patience]);
    const left = this.#all.filter(({ running }) => running);
    for (const process of left) {
      process.signal('SIGKILL');
      await process.ended;
    }
    return left.map(({ name }) => name);
  }

  /** At once. */
  async end(): Promise<void> {
    this.#isOver = true;
    for (const process of this.#all) {
      process.signal('SIGKILL');
      await process.ended;
    }
  }

  async #begin(place: number): Promise<void> {
    this.#started += 1;
    const name = `engine-${this.#started}`;
    const log = join(this.folder, `${name}.log`);
    const process = new EngineProcess(name, log, this.wallShiftMs(), (from, heard) => {
      this.diary.heard(from.name, heard);
      this.onHeard(from, heard);
    });
    this.#places[place] = process;
    this.#all.push(process);
    this.diary.began(name);
    // A store that is away keeps an engine from opening: a service manager would start it again.
    for (;;) {
      try {
        await process.ask('open', this.settings());
        break;
      } catch (error) {
        if (!process.running || this.#isOver) return;
        this.diary.disturbed(`${name} could not open: ${firstLine(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    await process.ask('ask', { keys: this.keys, everyMs: ASK_EVERY_MS });
  }

  #resume(process: EngineProcess): void {
    clearTimeout(this.#awake.get(process));
    this.#awake.delete(process);
    process.signal('SIGCONT');
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
}
