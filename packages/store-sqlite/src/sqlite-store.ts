import { resolve } from 'node:path';
import {
  type ClaimDueQuery,
  type ClaimDueResult,
  type Clock,
  checkStorableText,
  type DuePlace,
  type ReadResult,
  type RowKind,
  type RowWrite,
  type StoredRow,
  type StoreTime,
  type StoreTraits,
  systemClock,
  systemRandom,
  TokenError,
  type TokenStore,
  type UpcomingResult,
  type WriteResult,
} from '@tokenkeep/core';
import { systemBootId } from './boot-id.js';
import { Database } from './database.js';
import { openError, storeError } from './driver-errors.js';
import { LockWait } from './lock-wait.js';
import { checkOptions, type SqliteStoreOptions } from './options.js';
import { dueEntry, storedRow } from './row-statements.js';

const DEFAULT_LOCK_WAIT_MS = 5_000;

/** A count this old is written down also when nothing else is. */
const KEEP_COUNT_EVERY_MS = 60_000;

/**
 * Rows in one SQLite file, shared by the processes of one machine.
 *
 * ```ts
 * const store = sqliteStore({ path: '/var/lib/my-service/tokens.db' });
 * ```
 *
 * @throws TokenError `CONFIGURATION_INVALID` for a wrong option
 */
export function sqliteStore(options: SqliteStoreOptions): TokenStore {
  checkOptions(options);
  return new SqliteStore(options);
}

class SqliteStore implements TokenStore {
  readonly traits: StoreTraits;
  readonly #path: string;
  readonly #clock: Pick<Clock, 'sleep' | 'boot' | 'monotonic'>;
  readonly #bootId: string | undefined;
  readonly #lockWaitMs: number;
  readonly #locks: LockWait;
  #database: Database | undefined;
  #opening: Promise<void> | undefined;

  constructor(options: SqliteStoreOptions) {
    this.#path = resolve(options.path);
    this.#clock = options.clock ?? systemClock();
    this.#bootId = options.bootId;
    this.#lockWaitMs = options.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS;
    this.#locks = new LockWait(this.#clock, options.random ?? systemRandom(), this.#lockWaitMs);
    this.traits = {
      name: 'sqlite',
      location: this.#path,
      durable: true,
      sharedBy: 'host',
      steadyClock: true,
      escrowFolder: `${this.#path}.escrow`,
      keyFile: `${this.#path}.key`,
    };
  }

  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    const database = this.#database;
    this.#database = undefined;
    this.#opening = undefined;
    database?.close();
  }

  identity(): Promise<string> {
    return this.#attempt((database) => database.name());
  }

  now(): Promise<StoreTime> {
    return this.#attempt((database) => database.read(({ time }) => time));
  }

  async read(kind: RowKind, id: string): Promise<ReadResult> {
    checkStorableText(id);
    return this.#attempt((database) =>
      database.read(({ time }) => {
        const row = database.rows.read.get(kind, id);
        return { row: row && storedRow(row), time };
      }),
    );
  }

  async write(changes: readonly RowWrite[]): Promise<WriteResult> {
    for (const { id, body, lease } of changes) checkStorableText(id, body, lease?.holder);
    return this.#attempt((database) =>
      database.write<WriteResult>(
        ({ time }) => {
          const stale = changes.find((change) => !apply(database, change, time));
          return stale === undefined
            ? { written: true, time }
            : { written: false, conflict: stale.id, time };
        },
        ({ written }) => written,
      ),
    );
  }

  async claimDue({ ids, holder, leaseMs, limit }: ClaimDueQuery): Promise<ClaimDueResult> {
    checkStorableText(holder);
    return this.#attempt((database) =>
      database.write(
        ({ time }) => {
          const rows = database.rows.claimDue
            .all(JSON.stringify(ids), time.ms, limit, holder, time.ms + leaseMs)
            .map(storedRow)
            // RETURNING promises no order.
            .sort((a, b) => (a.due ?? 0) - (b.due ?? 0));
          return { rows, time };
        },
        ({ rows, time }, { counted }) =>
          rows.length > 0 || time.ms - counted >= KEEP_COUNT_EVERY_MS,
      ),
    );
  }

  async upcoming(after: DuePlace | undefined, limit: number): Promise<UpcomingResult> {
    checkStorableText(after?.id);
    return this.#attempt((database) =>
      database.read(({ time }) => {
        const { upcoming, upcomingAfter } = database.rows;
        const rows =
          after === undefined ? upcoming.all(limit) : upcomingAfter.all(limit, after.due, after.id);
        return { entries: rows.map(dueEntry), time };
      }),
    );
  }

  list(kind: RowKind, after: string | undefined, limit: number): Promise<readonly StoredRow[]> {
    return this.#attempt((database) =>
      database.read(() => {
        const { list, listAfter } = database.rows;
        const rows =
          after === undefined ? list.all(kind, limit) : listAfter.all(kind, limit, after);
        return rows.map(storedRow);
      }),
    );
  }

  async #open(): Promise<void> {
    try {
      const bootId = this.#bootId ?? systemBootId();
      this.#database = await Database.open(this.#path, this.#clock, bootId, this.#locks);
    } catch (error) {
      this.#opening = undefined;
      throw openError(error, this.#path, this.#lockWaitMs);
    }
  }

  /** Waiting for a lock is the only thing done twice, and it has changed nothing. */
  async #attempt<T>(work: (database: Database) => T): Promise<T> {
    try {
      return await this.#locks.run(() => work(this.#opened()));
    } catch (error) {
      throw storeError(error, this.#path, this.#lockWaitMs);
    }
  }

  #opened(): Database {
    if (this.#database !== undefined) return this.#database;
    throw new TokenError('STORE_UNAVAILABLE', `${this.#path} is not open`, { reason: 'not_open' });
  }
}

/** One compare-and-set: whether the row had the expected version and now has the next. */
function apply(database: Database, change: RowWrite, time: StoreTime): boolean {
  const { kind, id, expected, body, due, fence, lease } = change;
  const leaseUntil = lease === undefined ? null : time.ms + lease.ms;
  const values = [due ?? null, fence, lease?.holder ?? null, leaseUntil, time.ms, body] as const;
  const { insert, update } = database.rows;
  const changed =
    expected === 0 ? insert.run(kind, id, ...values) : update.run(kind, id, ...values, expected);
  return changed === 1;
}
