import { type DueEntry, type RowKind, type StoredRow, TokenError } from '@tokenkeep/core';

/** version, due, fence, end of the lease, holder; `-`: none. */
const HEAD = /^(\d+) (\S+) (\S+) (\S+) ([=-])(.*)$/s;

/** A row from its head, as the scripts write it, and its body. */
export function storedRow(field: string, head: string, body: string | null | undefined): StoredRow {
  const [, version, due, fence, leaseUntil, held, holder] = HEAD.exec(head) ?? [];
  if (held === undefined || typeof body !== 'string') throw damaged();
  const colon = field.indexOf(':');
  return {
    kind: field.slice(0, colon) as RowKind,
    id: field.slice(colon + 1),
    version: Number(version),
    due: moment(due),
    fence: Number(fence),
    holder: held === '=' ? holder : undefined,
    leaseUntil: moment(leaseUntil),
    body,
  };
}

/** From id, due and the end of the lease. */
export function dueEntry([id, due, leaseUntil]: readonly (string | null)[]): DueEntry {
  return { id: String(id), due: Number(due), leaseUntil: moment(leaseUntil ?? undefined) };
}

/** Name of a row in every hash and set. */
export function fieldOf(kind: RowKind, id: string): string {
  return `${kind}:${id}`;
}

function moment(text: string | undefined): number | undefined {
  return text === undefined || text === '-' ? undefined : Number(text);
}

function damaged(): TokenError {
  return new TokenError(
    'STORE_UNAVAILABLE',
    'A row in Redis is not what was written. Find out who writes to these keys, and restore a backup.',
    { reason: 'damaged' },
  );
}
