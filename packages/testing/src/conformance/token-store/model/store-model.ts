import { isDeepStrictEqual } from 'node:util';
import type {
  ClaimDueQuery,
  ClaimDueResult,
  DueEntry,
  DuePlace,
  ReadResult,
  RowKind,
  RowWrite,
  StoredRow,
  UpcomingResult,
  WriteResult,
} from '@tokenkeep/core';

/** Something asked of a store, and what it answered. */
export type StoreCall =
  | {
      readonly name: 'read';
      readonly kind: RowKind;
      readonly id: string;
      readonly answer: ReadResult;
    }
  | { readonly name: 'write'; readonly changes: readonly RowWrite[]; readonly answer: WriteResult }
  | { readonly name: 'claimDue'; readonly query: ClaimDueQuery; readonly answer: ClaimDueResult }
  | {
      readonly name: 'upcoming';
      readonly after: DuePlace | undefined;
      readonly limit: number;
      readonly answer: UpcomingResult;
    }
  | {
      readonly name: 'list';
      readonly kind: RowKind;
      readonly after: string | undefined;
      readonly limit: number;
      readonly answer: readonly StoredRow[];
    };

/** Everything a store knows: its rows, by kind and id. */
export type StoreModel = ReadonlyMap<string, StoredRow>;

/**
 * What a store that holds `rows` holds after a call, or `undefined`: it cannot have answered so.
 * Its time is taken from the answer, so that the model needs no clock of its own.
 */
export function afterCall(rows: StoreModel, call: StoreCall): StoreModel | undefined {
  switch (call.name) {
    case 'read':
      return isDeepStrictEqual(call.answer.row, rows.get(place(call))) ? rows : undefined;
    case 'write':
      return afterWrite(rows, call.changes, call.answer);
    case 'claimDue':
      return afterClaim(rows, call.query, call.answer);
    case 'upcoming': {
      const { after, limit, answer } = call;
      const expected = [...rows.values()]
        .flatMap(({ kind, id, due, leaseUntil }) =>
          kind === 'account' && due !== undefined ? { due, id, leaseUntil } : [],
        )
        .filter((entry) => after === undefined || byPlace(entry, after) > 0)
        .sort(byPlace)
        .slice(0, limit);
      return isDeepStrictEqual(answer.entries.map(inOrder), expected) ? rows : undefined;
    }
    case 'list': {
      const { kind, after = '', limit, answer } = call;
      const expected = [...rows.values()]
        .filter((row) => row.kind === kind && row.id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit);
      return isDeepStrictEqual([...answer], expected) ? rows : undefined;
    }
  }
}

function afterWrite(
  rows: StoreModel,
  changes: readonly RowWrite[],
  answer: WriteResult,
): StoreModel | undefined {
  const stale = changes.find(
    (change) => (rows.get(place(change))?.version ?? 0) !== change.expected,
  );
  if (!answer.written) return answer.conflict === stale?.id ? rows : undefined;
  if (stale !== undefined) return undefined;
  const next = new Map(rows);
  for (const { kind, id, expected, body, due, fence, lease } of changes) {
    const version = expected + 1;
    const leaseUntil = lease === undefined ? undefined : answer.time.ms + lease.ms;
    const row = { kind, id, version, body, due, fence, holder: lease?.holder, leaseUntil };
    next.set(place(row), row);
  }
  return next;
}

/** Which of several rows that are due at one moment come first is the store's own choice. */
function afterClaim(
  rows: StoreModel,
  { ids, holder, leaseMs, limit }: ClaimDueQuery,
  { rows: claimed, time }: ClaimDueResult,
): StoreModel | undefined {
  const free = accounts(rows, ids)
    .filter(({ due = Number.POSITIVE_INFINITY }) => due <= time.ms)
    .filter(({ leaseUntil = Number.NEGATIVE_INFINITY }) => leaseUntil <= time.ms)
    .sort(byDue);
  const dues = (list: readonly StoredRow[]) => list.map(({ due }) => due);
  if (!isDeepStrictEqual(dues(claimed), dues(free.slice(0, limit)))) return undefined;
  const next = new Map(rows);
  for (const row of claimed) {
    const was = free.find(({ id }) => id === row.id);
    if (was === undefined || next.get(place(row)) !== was) return undefined;
    const [version, fence] = [was.version + 1, was.fence + 1];
    const expected = { ...was, version, fence, holder, leaseUntil: time.ms + leaseMs };
    if (!isDeepStrictEqual(row, expected)) return undefined;
    next.set(place(row), row);
  }
  return next;
}

function accounts(rows: StoreModel, ids: readonly string[]): StoredRow[] {
  return ids.flatMap((id) => rows.get(place({ kind: 'account', id })) ?? []);
}

function byPlace(a: DuePlace, b: DuePlace): number {
  return a.due - b.due || (a.id < b.id ? -1 : Number(a.id > b.id));
}

function inOrder({ due, id, leaseUntil }: DueEntry): DueEntry {
  return { due, id, leaseUntil };
}

function byDue(a: StoredRow, b: StoredRow): number {
  return (a.due ?? 0) - (b.due ?? 0);
}

function place({ kind, id }: Pick<StoredRow, 'kind' | 'id'>): string {
  return `${kind}:${id}`;
}
