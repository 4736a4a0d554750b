import type { Clock, EpochMs } from '../clock/clock.js';
import type { ElapsedTime } from '../clock/elapsed-time.js';
import { noLongerNeeded } from '../clock/no-longer-needed.js';
import type { Holder } from '../holder/holder.js';
import type { Parameters } from '../parameters/parameters.js';
import type { AccountRecord } from '../store/account-record.js';
import { editRecord, type FoundRecord } from '../store/edit-record.js';
import type { RowWrite } from '../store/token-store.js';
import type { WatchedStore } from '../store/watched-store.js';

/** What a holder changes: from the record as it now stands, so that no rival's change is lost. */
export interface ClaimedChange {
  readonly change: (record: AccountRecord) => AccountRecord;
  readonly due: (record: AccountRecord) => EpochMs | undefined;
  readonly also?: () => Promise<readonly RowWrite[]>;
  readonly release?: boolean;
}

interface ClaimServices {
  readonly store: WatchedStore;
  readonly clock: Clock;
  readonly elapsed: ElapsedTime;
  readonly holder: Holder;
  readonly parameters: Parameters;
}

/** The right to change one record while a request of it is under way. */
export interface RecordHold {
  readonly found: FoundRecord;
  readonly record: AccountRecord;
  readonly fence: number;
  /** Written over whatever happens meanwhile, with a new incarnation: a person's login. */
  readonly preempts: boolean;
  leaseLeftMs(): number;
  /** @throws ClaimLost when the condition of the hold is gone */
  write(change: ClaimedChange): Promise<FoundRecord>;
  /** Keeps the hold alive until disposed. */
  beat(due: ClaimedChange['due']): Disposable;
}

/** Thrown where a holder finds that it no longer is one. */
export class ClaimLost extends Error {
  constructor(readonly found: FoundRecord) {
    super('The claim was lost to another holder.');
  }
}

/**
 * The right to renew one account: a fence and a lease in its row. Every write through it is a
 * compare-and-set that fails once another holder's fence stands there.
 */
export class Claim implements RecordHold {
  readonly preempts = false;
  #found: FoundRecord;
  /** Counted from before the write that granted it: early, never late. */
  #leaseEnd: number;
  #queue: Promise<unknown> = Promise.resolve();
  #prepared: ClaimedChange['change'] | undefined;

  private constructor(
    private readonly services: ClaimServices,
    readonly id: string,
    found: FoundRecord,
    leaseEnd: number,
  ) {
    this.#found = found;
    this.#leaseEnd = leaseEnd;
  }

  /** One compare-and-set on the version that was read; `undefined`: somebody was faster. */
  static async take(
    services: ClaimServices,
    id: string,
    seen: FoundRecord,
    record: AccountRecord,
  ): Promise<Claim | undefined> {
    const { elapsed, store, holder, parameters } = services;
    const before = elapsed.now();
    const version = seen.row?.version;
    const result = await editRecord(
      store,
      id,
      (found) =>
        found.row?.version === version
          ? {
              record,
              due: found.row?.due,
              fence: (found.row?.fence ?? 0) + 1,
              lease: { holder: holder.id, ms: parameters.leaseMs },
            }
          : undefined,
      seen,
    );
    if (!result.done) return undefined;
    return new Claim(services, id, result.found, before + parameters.leaseMs);
  }

  /** A row that `claimDue` has leased to this holder already. */
  static held(services: ClaimServices, id: string, found: FoundRecord, readAt: number): Claim {
    return new Claim(services, id, found, readAt + services.parameters.leaseMs);
  }

  get found(): FoundRecord {
    return this.#found;
  }

  get record(): AccountRecord {
    const { record } = this.#found;
    if (record === undefined) throw new ClaimLost(this.#found);
    return this.#prepared?.(record) ?? record;
  }

  get fence(): number {
    return this.#found.row?.fence ?? 0;
  }

  leaseLeftMs(): number {
    return this.#leaseEnd - this.services.elapsed.now();
  }

  /** What the next write is to change as well: known already, and not worth a write of its own. */
  prepare(change: ClaimedChange['change']): void {
    this.#prepared = change;
  }

  write(change: ClaimedChange): Promise<FoundRecord> {
    const result = this.#queue.then(() => this.#write(change));
    this.#queue = result.catch(() => {});
    return result;
  }

  /** A heartbeat that fails is only a shorter lease. */
  beat(due: ClaimedChange['due']): Disposable {
    const stop = new AbortController();
    const { clock, parameters } = this.services;
    const beats = async () => {
      for (;;) {
        await clock.sleep(parameters.heartbeatMs, stop.signal);
        await this.write({ change: (record) => record, due }).catch(() => {});
      }
    };
    beats().catch(() => {});
    return { [Symbol.dispose]: () => stop.abort(noLongerNeeded) };
  }

  async #write({ change, due, also, release }: ClaimedChange): Promise<FoundRecord> {
    const { elapsed, store, holder, parameters } = this.services;
    const { fence } = this;
    const { incarnation, generation } = this.record;
    const before = elapsed.now();
    const prepare = this.#prepared;
    const result = await editRecord(
      store,
      this.id,
      async (found) => {
        if (found.row?.fence !== fence || found.record?.incarnation !== incarnation) return;
        // A former holder commits without a claim: what this one was about to do is done.
        if (found.record.generation !== generation) return;
        const record = change(prepare?.(found.record) ?? found.record);
        return {
          record,
          due: due(record),
          lease: release ? 'release' : { holder: holder.id, ms: parameters.leaseMs },
          ...(also === undefined ? {} : { also: await also() }),
        };
      },
      this.#found,
    );
    // A rival's record is not taken over as ours: a later write would pass for the rival's own.
    if (!result.done) throw new ClaimLost(result.found);
    this.#found = result.found;
    if (this.#prepared === prepare) this.#prepared = undefined;
    this.#leaseEnd = release ? before : before + parameters.leaseMs;
    return result.found;
  }
}
