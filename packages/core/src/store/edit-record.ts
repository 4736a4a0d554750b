import type { EpochMs } from '../clock/clock.js';
import { TokenError } from '../errors/token-error.js';
import type { AccountRecord } from './account-record.js';
import { parseRecord } from './parse-record.js';
import type { RowWrite, StoredRow, StoreTime, TokenStore } from './token-store.js';

/** An account's row as it was last seen, opened. */
export interface FoundRecord {
  readonly row: StoredRow | undefined;
  readonly record: AccountRecord | undefined;
  readonly time: StoreTime;
}

/** What an edit makes of a record. */
export interface RecordEdit {
  readonly record: AccountRecord;
  readonly due: EpochMs | undefined;
  /** Left alone unless given. */
  readonly fence?: number;
  /** A new lease from now, `release`, or left alone. */
  readonly lease?: { readonly holder: string; readonly ms: number } | 'release';
  /** Rows of other kinds that change with it, or not at all. */
  readonly also?: readonly RowWrite[];
}

/**
 * Looks at what is there and says what becomes of it, or `undefined`: the edit's condition no
 * longer holds. Asked again when another process was faster, so it must only look.
 */
export type EditRule = (
  found: FoundRecord,
) => RecordEdit | undefined | Promise<RecordEdit | undefined>;

export type EditResult =
  | { readonly done: true; readonly found: FoundRecord }
  /** The rule declined; nothing was changed. */
  | { readonly done: false; readonly found: FoundRecord };

/** More rivals in a row than this is a bug, not contention. */
const MOST_TRIES = 32;

export async function loadRecord(store: TokenStore, id: string): Promise<FoundRecord> {
  const { row, time } = await store.read('account', id);
  return openRow(row, id, time);
}

export function openRow(row: StoredRow | undefined, id: string, time: StoreTime): FoundRecord {
  return { row, record: row === undefined ? undefined : parseRecord(id, row.body), time };
}

/**
 * Every change of an account goes through here: read, decide, compare and set, again if a rival
 * was faster. `from` saves the first read.
 */
export async function editRecord(
  store: TokenStore,
  id: string,
  rule: EditRule,
  from?: FoundRecord,
): Promise<EditResult> {
  let found = from ?? (await loadRecord(store, id));
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const edit = await rule(found);
    if (edit === undefined) return { done: false, found };
    const change = rowWrite(id, found, edit);
    const result = await store.write([change, ...(edit.also ?? [])]);
    if (result.written) {
      return { done: true, found: { row: written(change, result.time), ...opened(edit, result) } };
    }
    found = await loadRecord(store, id);
  }
  throw new TokenError(
    'STORE_UNAVAILABLE',
    `The record of ${id} was changed by others ${MOST_TRIES} times in a row.`,
    { retryable: true, reason: 'contention', account: id },
  );
}

function opened(edit: RecordEdit, { time }: { time: StoreTime }) {
  return { record: edit.record, time };
}

function rowWrite(id: string, { row, time }: FoundRecord, edit: RecordEdit): RowWrite {
  const lease = leaseOf(row, time, edit);
  return {
    kind: 'account',
    id,
    expected: row?.version ?? 0,
    body: JSON.stringify(edit.record),
    due: edit.due,
    fence: edit.fence ?? row?.fence ?? 0,
    ...(lease === undefined ? {} : { lease }),
  };
}

function leaseOf(row: StoredRow | undefined, time: StoreTime, edit: RecordEdit): RowWrite['lease'] {
  if (edit.lease === 'release') return undefined;
  if (edit.lease !== undefined) return edit.lease;
  if (row?.holder === undefined || row.leaseUntil === undefined) return undefined;
  return { holder: row.holder, ms: Math.max(0, row.leaseUntil - time.ms) };
}

function written(change: RowWrite, time: StoreTime): StoredRow {
  return {
    kind: change.kind,
    id: change.id,
    version: change.expected + 1,
    due: change.due,
    fence: change.fence,
    holder: change.lease?.holder,
    leaseUntil: change.lease === undefined ? undefined : time.ms + change.lease.ms,
    body: change.body,
  };
}
