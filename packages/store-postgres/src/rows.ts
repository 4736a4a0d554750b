import {
  type ClaimDueQuery,
  type ClaimDueResult,
  type Clock,
  type DuePlace,
  type ReadResult,
  type RowKind,
  type RowWrite,
  type StoredRow,
  type StoreTime,
  TokenError,
  type UpcomingResult,
  type WriteResult,
} from '@tokenkeep/core';
import type { ChangeTeller } from './change-teller.js';
import { ask, type Connections } from './connections.js';
import { LOCK_NOT_AVAILABLE, ROW_APPEARED, sqlStateOf } from './driver-errors.js';
import {
  dueEntry,
  numberOf,
  RowStatements,
  type SqlRow,
  type SqlValue,
  storedRow,
} from './row-statements.js';
import { SharedWrites } from './shared-writes.js';
import type { CallFacts, Statement } from './statement.js';
import { StoreClock } from './store-clock.js';

/** A lock is waited for no longer than this part of a call's time: the server then says why. */
const LOCK_SHARE = 0.8;

/** What holds up others waits for a lock no longer than this. */
const HOLD_UP_MS = 1_000;

interface Answer {
  readonly time: StoreTime;
  /** What follows the two times, row by row. */
  readonly rows: readonly SqlRow[];
}

/** The rows of an open store, in as few round trips as there can be. */
export class Rows {
  readonly #statements: RowStatements;
  readonly #clock = new StoreClock();
  readonly #shared: SharedWrites;
  readonly #lockTimeoutMs: number;

  constructor(
    private readonly connections: Connections,
    timeoutMs: number,
    private readonly schema: string,
    gate: string,
    private readonly teller: Pick<ChangeTeller, 'tell'>,
    clock: Pick<Clock, 'sleep'>,
  ) {
    this.#shared = new SharedWrites(clock, (changes) => this.#writeEach(changes));
    this.#statements = new RowStatements(schema, gate);
    this.#lockTimeoutMs = Math.max(1, Math.round(timeoutMs * LOCK_SHARE));
  }

  async identity(): Promise<string> {
    const { rows } = await this.#ask(this.#statements.identity(this.#call));
    return String(rows[0]?.[0]);
  }

  /** At `open()`: no answer is behind what anybody has ever written. */
  async findTime(): Promise<void> {
    const { rows } = await this.#ask(this.#statements.latest(this.#call));
    const latest = numberOf(rows[0]?.[0]);
    if (latest !== undefined) this.#clock.take(latest);
    await this.now();
  }

  async now(): Promise<StoreTime> {
    return (await this.#ask(this.#statements.now(this.#call))).time;
  }

  async read(kind: RowKind, id: string): Promise<ReadResult> {
    const { time, rows } = await this.#ask(this.#statements.read(this.#call, kind, id));
    return { row: rowsIn(rows)[0], time };
  }

  async list(kind: RowKind, after: string | undefined, limit: number): Promise<StoredRow[]> {
    const { rows } = await this.#ask(this.#statements.list(this.#call, kind, after, limit));
    return rowsIn(rows);
  }

  async upcoming(after: DuePlace | undefined, limit: number): Promise<UpcomingResult> {
    const { time, rows } = await this.#ask(this.#statements.upcoming(this.#call, after, limit));
    return { entries: rows.filter(([id]) => id !== null).map(dueEntry), time };
  }

  async claimDue(query: ClaimDueQuery): Promise<ClaimDueResult> {
    if (query.ids.length === 0 || query.limit === 0) return { rows: [], time: await this.now() };
    const { time, rows } = await this.#claim(query);
    return { rows: rowsIn(rows), time };
  }

  /**
   * Who waits to claim holds up the writes that come after. A write that hangs, on a row that an
   * operator has locked, is waited for a second: then rows are claimed beside it.
   */
  async #claim(query: ClaimDueQuery): Promise<Answer> {
    const { floorMs, lockTimeoutMs } = this.#call;
    const call = { floorMs, lockTimeoutMs: Math.min(HOLD_UP_MS, Math.ceil(lockTimeoutMs / 2)) };
    try {
      return await this.#ask(this.#statements.claimDue(call, query, true));
    } catch (error) {
      if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
      return this.#ask(this.#statements.claimDue(call, query, false));
    }
  }

  async write(changes: readonly RowWrite[]): Promise<WriteResult> {
    const [first, second] = changes;
    const isOne = first !== undefined && second === undefined;
    return isOne ? this.#shared.write(first) : this.#writeTogether(changes);
  }

  async #writeEach(changes: readonly RowWrite[]): Promise<readonly WriteResult[]> {
    const [first] = changes;
    if (first !== undefined && changes.length === 1) return [await this.#writeOne(first)];
    const { floorMs, lockTimeoutMs } = this.#call;
    const call = { floorMs, lockTimeoutMs: Math.min(HOLD_UP_MS, lockTimeoutMs) };
    const { rows } = await this.#ask(this.#statements.writeEach(call, changes));
    const results: WriteResult[] = [];
    for (const [place, changed, ms] of rows) {
      const at = Number(place) - 1;
      const change = changes[at] as RowWrite;
      results[at] = this.#written(change, changed === '1', this.#clock.take(Number(ms)));
    }
    return results;
  }

  async #writeOne(change: RowWrite): Promise<WriteResult> {
    const { time, rows } = await this.#ask(this.#statements.writeOne(this.#call, change));
    return this.#written(change, rows[0]?.[1] === '1', time);
  }

  /** One that was not made was stale, or its row appeared meanwhile. */
  #written(change: RowWrite, written: boolean, time: StoreTime): WriteResult {
    if (!written) return { written, conflict: change.id, time };
    this.teller.tell([change]);
    return { written, time };
  }

  async #writeTogether(changes: readonly RowWrite[]): Promise<WriteResult> {
    let stale: SqlValue | undefined = null;
    try {
      const { time, rows } = await this.#ask(this.#statements.write(this.#call, changes));
      const [place, count] = rows[0] ?? [];
      if (place === null && Number(count) === changes.length) {
        this.teller.tell(changes);
        return { written: true, time };
      }
      stale = place;
    } catch (error) {
      if (sqlStateOf(error) !== ROW_APPEARED) throw error;
    }
    return this.#conflict(changes, stale);
  }

  /**
   * A statement that waited has seen some rows as they were before, and some as they are: which
   * change is the first stale one is a question to one moment. Nothing was changed.
   */
  async #conflict(changes: readonly RowWrite[], seen: SqlValue | undefined): Promise<WriteResult> {
    const { time, rows } = await this.#ask(this.#statements.firstStale(this.#call, changes));
    const place = rows[0]?.[0] ?? seen;
    if (place !== null && place !== undefined) {
      return { written: false, conflict: idAt(changes, place), time };
    }
    throw new TokenError(
      'STORE_UNAVAILABLE',
      'rows were removed while they were written, or one is named twice. Nothing was changed',
      { reason: 'contention', retryable: true },
    );
  }

  get #call(): CallFacts {
    return { floorMs: this.#clock.floorMs, lockTimeoutMs: this.#lockTimeoutMs };
  }

  async #ask(statement: Statement): Promise<Answer> {
    const answer = await this.connections.use(async (client) => {
      const rows = await ask(client, statement);
      // Thrown here it costs the connection too, so that the next one may lead to the primary.
      this.#checkAnswer(rows[0]);
      return rows;
    });
    const [raw, ms] = answer[0] ?? [];
    const time = this.#clock.take(Number(ms));
    if (this.#clock.isAheadOf(Number(raw))) await this.#goOn();
    return { time, rows: answer.map((row) => row.slice(2)) };
  }

  /** The server's clock was set back: the store's goes on for everybody from where it was. */
  async #goOn(): Promise<void> {
    const highest = this.#clock.floorMs ?? 0;
    // If this fails the next call tries it: the answer that showed it is right all the same.
    await this.connections.query(this.#statements.goOnFrom(highest)).catch(() => {});
  }

  #checkAnswer(first: SqlRow | undefined): void {
    if (first === undefined) {
      throw new TokenError(
        'STORE_UNAVAILABLE',
        `the table ${this.schema}.store is empty. Restore a backup`,
        { reason: 'damaged' },
      );
    }
    if (first[0] !== null) return;
    throw new TokenError(
      'STORE_UNAVAILABLE',
      'the server has become a standby. Does its address lead to the primary?',
      { reason: 'read_only', retryable: true },
    );
  }
}

function idAt(changes: readonly RowWrite[], place: string): string {
  return changes[Number(place) - 1]?.id ?? '';
}

/** Without the row of nulls that carries the time where there is none. */
function rowsIn(rows: readonly SqlRow[]): StoredRow[] {
  return rows.filter(([kind]) => kind !== null).map(storedRow);
}
