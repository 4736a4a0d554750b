import type { AccountRecord } from '../store/account-record.js';
import { editRecord, type FoundRecord } from '../store/edit-record.js';
import type { WatchedStore } from '../store/watched-store.js';
import { type ClaimedChange, ClaimLost, type RecordHold } from './claim.js';

/**
 * A hold without a claim, for a login by hand: a refresh in flight neither blocks it nor undoes
 * it. Its only condition is that the account still lives the life it was read in.
 */
export class Preemption implements RecordHold {
  readonly preempts = true;
  #found: FoundRecord;

  constructor(
    private readonly store: WatchedStore,
    private readonly id: string,
    found: FoundRecord,
    private readonly fallback: AccountRecord,
  ) {
    this.#found = found;
  }

  get found(): FoundRecord {
    return this.#found;
  }

  get record(): AccountRecord {
    return this.#found.record ?? this.fallback;
  }

  get fence(): number {
    return this.#found.row?.fence ?? 0;
  }

  leaseLeftMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  async write({ change, due, also }: ClaimedChange): Promise<FoundRecord> {
    const { incarnation } = this.record;
    const result = await editRecord(
      this.store,
      this.id,
      async (found) => {
        const current = found.record ?? this.fallback;
        if (current.incarnation !== incarnation) return;
        const record = change(current);
        return {
          record,
          due: due(record),
          ...(also === undefined ? {} : { also: await also() }),
        };
      },
      this.#found,
    );
    if (!result.done) throw new ClaimLost(result.found);
    this.#found = result.found;
    return result.found;
  }

  beat(): Disposable {
    return { [Symbol.dispose]: () => {} };
  }
}
