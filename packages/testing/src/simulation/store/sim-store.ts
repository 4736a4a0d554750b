import {
  memoryStore,
  type StoredRow,
  type StoreTime,
  type StoreTraits,
  TokenError,
  type TokenStore,
} from '@tokenkeep/core';
import type { SimHost } from '../host/sim-host.js';
import type { SimProcess } from '../host/sim-process.js';
import type { Kernel } from '../kernel/kernel.js';
import { noStoreFaults, type StoreFaults } from './store-faults.js';

export interface SimStoreOptions {
  /** On one machine: its clock stops with the machine, and begins a new epoch at each boot. */
  readonly embeddedIn?: SimHost;
  /** Median of one way to the store and of its work, ms. Default 0.6, embedded 0.1. */
  readonly latencyMs?: number;
  /** When a driver gives up on a silent server, ms. Default 5,000. */
  readonly timeoutMs?: number;
}

/** An account's row before and after a change. */
export interface RowChange {
  readonly before: StoredRow | undefined;
  readonly after: StoredRow;
}

/**
 * A store as its clients meet it: serialisable compare-and-set on the far side of a wire that loses
 * requests and acknowledgements. What it holds is what `memoryStore` holds; what is simulated is
 * everything around that.
 */
export class SimStore {
  readonly rows = new Map<string, StoredRow>();
  readonly faults: StoreFaults = { ...noStoreFaults };
  /** Told of every row that changed, at the moment it did. */
  readonly onChange = new Set<(change: RowChange) => void>();
  /** Down for everybody. */
  isDown = false;
  readonly #table: TokenStore;
  readonly #cutOff = new Set<string>();
  readonly #snapshots: { readonly at: number; readonly rows: Map<string, StoredRow> }[] = [];
  readonly #latencyMs: number;
  readonly #timeoutMs: number;
  readonly #dice;
  readonly #embeddedIn: SimHost | undefined;
  readonly #troubles = new Map<string, number>();
  #stepMs = 0;

  constructor(
    private readonly kernel: Kernel,
    options: SimStoreOptions = {},
  ) {
    this.#embeddedIn = options.embeddedIn;
    this.#latencyMs = options.latencyMs ?? (options.embeddedIn === undefined ? 0.6 : 0.1);
    this.#timeoutMs = options.timeoutMs ?? 5_000;
    this.#dice = kernel.diceFor('store faults');
    this.#table = memoryStore({ boot: () => this.#clockMs() }, this.rows);
  }

  /** Cuts one process off, or joins it again. */
  cutOff(process: SimProcess, isCutOff = true): void {
    this.kernel.note(process.id, isCutOff ? 'cut off from the store' : 'joined with the store');
    if (isCutOff) this.#cutOff.add(process.id);
    else this.#cutOff.delete(process.id);
  }

  /** Joins everybody again. */
  joinAll(): void {
    this.#cutOff.clear();
  }

  isReachableFor(process: SimProcess): boolean {
    return !this.isDown && !this.#cutOff.has(process.id);
  }

  /** When a call of this process last failed or dawdled, true ms; before all time if never. */
  lastTroubleOf(process: SimProcess): number {
    return this.#troubles.get(process.id) ?? Number.NEGATIVE_INFINITY;
  }

  /** The server's clock jumps, as at a fail-over to a machine that counts otherwise. */
  stepClock(ms: number): void {
    this.kernel.note('store', 'clock stepped');
    this.#stepMs += ms;
  }

  /** Remembers what stands in the store now. */
  takeSnapshot(): void {
    this.#snapshots.push({ at: this.kernel.now, rows: new Map(this.rows) });
    if (this.#snapshots.length > 8) this.#snapshots.shift();
  }

  /** Puts an older state back: a restored backup. Returns the ids of the rows that changed. */
  rollBack(snapshot = 0): readonly string[] {
    const older = this.#snapshots[snapshot];
    if (older === undefined) return [];
    this.kernel.note('store', 'rolled back');
    const changed = [...this.rows.values()].filter(
      (row) => older.rows.get(`${row.kind}:${row.id}`) !== row,
    );
    this.rows.clear();
    for (const [place, row] of older.rows) this.rows.set(place, row);
    return changed.map(({ id }) => id);
  }

  now(): StoreTime {
    return { epoch: this.#epoch, ms: 1_000_000_000_000 + this.#clockMs() };
  }

  account(id: string): StoredRow | undefined {
    return this.rows.get(`account:${id}`);
  }

  /** The store as one process sees it. */
  clientOf(process: SimProcess): TokenStore {
    const call = <Value>(name: string, work: () => Promise<Value>) =>
      new Promise<Value>((resolve) => {
        // Stopped just before it called: the call leaves when it goes on.
        process.deliver(() => resolve(this.#call(process, name, work)));
      });
    const table = this.#table;
    const timed = async <Value extends { readonly time: StoreTime }>(work: Promise<Value>) => {
      const value = await work;
      return { ...value, time: { ...value.time, epoch: this.#epoch } };
    };
    return {
      traits: this.#traits(),
      open: () => call('open', () => table.open()),
      close: async () => {},
      identity: () => call('identity', async () => 'simulated'),
      now: () => call('now', async () => this.now()),
      read: (kind, id) => call('read', () => timed(table.read(kind, id))),
      write: (changes) =>
        call('write', () => {
          const before = changes.map(({ kind, id }) => this.rows.get(`${kind}:${id}`));
          const done = timed(table.write(changes));
          for (const [index, { kind, id }] of changes.entries()) {
            const after = this.rows.get(`${kind}:${id}`);
            if (after === undefined || after === before[index]) continue;
            for (const tell of this.onChange) tell({ before: before[index], after });
          }
          return done;
        }),
      claimDue: (query) => call('claimDue', () => timed(table.claimDue(query))),
      upcoming: (after, limit) => call('upcoming', () => timed(table.upcoming(after, limit))),
      list: (kind, after, limit) => call('list', () => table.list(kind, after, limit)),
    };
  }

  #call<Value>(process: SimProcess, name: string, work: () => Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (!process.isAlive) return;
      const { kernel } = this;
      const trouble = () => void this.#troubles.set(process.id, kernel.now);
      const fail = (ms: number) => {
        process.answerAfter(ms, () => {
          trouble();
          reject(unavailable());
        });
      };
      const [there, back] = [this.#latency(), this.#latency()];
      const fault = this.#draw();
      if (fault !== undefined) {
        trouble();
        kernel.note(process.id, `store ${name}: ${fault}`);
      }
      if (fault === 'refused') {
        fail(there);
        return;
      }
      if (fault === 'requestLost') {
        fail(this.#timeoutMs);
        return;
      }
      const held = fault === 'slow' ? this.#dice.between(500, 4_000) : 0;
      const lateMs = fault === 'late' ? this.#timeoutMs + this.#dice.between(0, 20_000) : held;
      kernel.after(there + lateMs, () => {
        // Half of what a dying process has written still leaves its machine.
        if (!process.isAlive && this.#dice.chance(0.5)) return;
        if (!this.#canServe(process)) {
          fail(this.#dice.chance(0.5) ? back : this.#timeoutMs);
          return;
        }
        const done = work();
        done.catch(() => {});
        if (name === 'write') kernel.note(process.id, name);
        else kernel.noteRoutine(process.id, name);
        if (fault === 'acknowledgementLost') {
          fail(this.#timeoutMs);
          return;
        }
        if (fault !== 'late') process.answerAfter(back, () => resolve(done));
      });
      if (fault === 'late') fail(this.#timeoutMs);
    });
  }

  #canServe(process: SimProcess): boolean {
    const host = this.#embeddedIn;
    return this.isReachableFor(process) && (host === undefined || host.isUp);
  }

  #draw(): keyof StoreFaults | undefined {
    let draw = this.#dice.float();
    for (const [kind, rate] of Object.entries(this.faults)) {
      draw -= rate;
      if (draw < 0) return kind as keyof StoreFaults;
    }
    return undefined;
  }

  #latency(): number {
    return this.kernel.dice.logNormal(this.#latencyMs, 0.8);
  }

  get #epoch(): number {
    return this.#embeddedIn?.boots ?? 0;
  }

  #clockMs(): number {
    // A server's clock has crystals and steps of its own; an embedded one counts its machine's.
    return Math.floor((this.#embeddedIn?.uptime() ?? this.kernel.now) + this.#stepMs);
  }

  #traits(): StoreTraits {
    return {
      name: 'simulated',
      location: 'a simulation',
      durable: true,
      sharedBy: this.#embeddedIn === undefined ? 'fleet' : 'host',
      steadyClock: true,
    };
  }
}

function unavailable(): TokenError {
  return new TokenError('STORE_UNAVAILABLE', 'The simulated store did not answer.', {
    retryable: true,
    reason: 'simulated',
  });
}
