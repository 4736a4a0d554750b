import type { Clock } from '../clock/clock.js';
import type {
  ClaimDueQuery,
  ClaimDueResult,
  DuePlace,
  ReadResult,
  RowKind,
  RowWrite,
  StoredRow,
  StoreTime,
  StoreTraits,
  TokenStore,
  UpcomingResult,
  WriteResult,
} from './token-store.js';

let made = 0;

/** Any fixed moment will do: the store's clock only has to move, not to be right. */
const ORIGIN_MS = 1_000_000_000_000;

/**
 * Rows in this process's memory: for tests, and for providers whose tokens cost nothing to lose.
 * The same object may serve several engines of one process, one after the other or at once.
 *
 * @param rows where they are kept, for a test or a simulation that looks at them or puts older
 *   ones back. Rows are replaced, never changed.
 */
export function memoryStore(
  clock: Pick<Clock, 'boot'>,
  rows: Map<string, StoredRow> = new Map(),
): TokenStore {
  return new MemoryStore(clock, rows);
}

class MemoryStore implements TokenStore {
  readonly traits: StoreTraits = {
    name: 'memory',
    location: 'this process',
    durable: false,
    sharedBy: 'process',
    steadyClock: true,
  };
  readonly #identity = `memory-${++made}`;
  readonly #rows: Map<string, StoredRow>;

  constructor(
    private readonly clock: Pick<Clock, 'boot'>,
    rows: Map<string, StoredRow>,
  ) {
    this.#rows = rows;
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  async identity(): Promise<string> {
    return this.#identity;
  }

  async now(): Promise<StoreTime> {
    return this.#time();
  }

  async read(kind: RowKind, id: string): Promise<ReadResult> {
    return { row: this.#rows.get(place(kind, id)), time: this.#time() };
  }

  async write(changes: readonly RowWrite[]): Promise<WriteResult> {
    const time = this.#time();
    const stale = changes.find(
      ({ kind, id, expected }) => (this.#rows.get(place(kind, id))?.version ?? 0) !== expected,
    );
    if (stale !== undefined) return { written: false, conflict: stale.id, time };
    for (const { kind, id, expected, body, due, fence, lease } of changes) {
      this.#rows.set(place(kind, id), {
        kind,
        id,
        version: expected + 1,
        body,
        due,
        fence,
        holder: lease?.holder,
        leaseUntil: lease === undefined ? undefined : time.ms + lease.ms,
      });
    }
    return { written: true, time };
  }

  async claimDue({ ids, holder, leaseMs, limit }: ClaimDueQuery): Promise<ClaimDueResult> {
    const time = this.#time();
    const rows = ids
      .map((id) => this.#rows.get(place('account', id)))
      .filter((row) => row !== undefined)
      .filter(({ due }) => due !== undefined && due <= time.ms)
      .filter(({ leaseUntil }) => leaseUntil === undefined || leaseUntil <= time.ms)
      .sort((a, b) => (a.due ?? 0) - (b.due ?? 0))
      .slice(0, limit)
      .map((row) => ({
        ...row,
        version: row.version + 1,
        fence: row.fence + 1,
        holder,
        leaseUntil: time.ms + leaseMs,
      }));
    for (const row of rows) this.#rows.set(place('account', row.id), row);
    return { rows, time };
  }

  async upcoming(after: DuePlace | undefined, limit: number): Promise<UpcomingResult> {
    const entries = [...this.#rows.values()]
      .flatMap(({ kind, id, due, leaseUntil }) =>
        kind === 'account' && due !== undefined ? { due, id, leaseUntil } : [],
      )
      .filter((entry) => after === undefined || byDue(entry, after) > 0)
      .sort(byDue)
      .slice(0, limit);
    return { entries, time: this.#time() };
  }

  async list(
    kind: RowKind,
    after: string | undefined,
    limit: number,
  ): Promise<readonly StoredRow[]> {
    return [...this.#rows.values()]
      .filter((row) => row.kind === kind && (after === undefined || byCodePoint(row.id, after) > 0))
      .sort((a, b) => byCodePoint(a.id, b.id))
      .slice(0, limit);
  }

  #time(): StoreTime {
    return { epoch: 0, ms: ORIGIN_MS + this.clock.boot() };
  }
}

function place(kind: RowKind, id: string): string {
  return `${kind}:${id}`;
}

function byDue(a: DuePlace, b: DuePlace): number {
  return a.due - b.due || byCodePoint(a.id, b.id);
}

/** As bytes in UTF-8, like every other store: `<` compares halves of surrogate pairs. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
