import type { ElapsedTime } from '../clock/elapsed-time.js';
import type { Holder } from '../holder/holder.js';
import type { StoredRow, StoreTime } from '../store/token-store.js';

/**
 * Whether another process's lease is over: by the store's clock, because the process is provably
 * gone, or because this process has watched it unmoved for a whole lease. The last one keeps a
 * store clock that jumped back from blocking an account.
 */
export class LeaseWatch {
  readonly #seen = new Map<string, { lease: string; at: number }>();

  constructor(
    private readonly elapsed: ElapsedTime,
    private readonly holder: Holder,
    private readonly leaseMs: number,
  ) {}

  isOver(row: StoredRow, time: StoreTime): boolean {
    const over = this.#isOver(row, time);
    if (over) this.#seen.delete(row.id);
    return over;
  }

  #isOver({ id, holder, fence, leaseUntil }: StoredRow, time: StoreTime): boolean {
    if (leaseUntil === undefined || holder === undefined) return true;
    if (leaseUntil <= time.ms || this.holder.isGone(holder)) return true;
    const lease = `${fence}:${leaseUntil}`;
    const seen = this.#seen.get(id);
    if (seen?.lease === lease) return this.elapsed.now() - seen.at >= this.leaseMs;
    this.#seen.set(id, { lease, at: this.elapsed.now() });
    return false;
  }
}
