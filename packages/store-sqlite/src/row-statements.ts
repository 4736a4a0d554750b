import type { DueEntry, RowKind, StoredRow } from '@tokenkeep/core';
import type { Connection, Statement } from './connection.js';

/** A row as SQLite has it. */
export interface SqlRow {
  readonly kind: RowKind;
  readonly id: string;
  readonly version: number;
  readonly due: number | null;
  readonly fence: number;
  readonly holder: string | null;
  readonly lease_until: number | null;
  readonly body: string;
}

export interface SqlDue {
  readonly id: string;
  readonly due: number;
  readonly lease_until: number | null;
}

/** Every statement on `rows`, prepared once for each connection. */
export interface RowStatements {
  /** kind, id */
  readonly read: Statement<SqlRow>;
  /** kind, id, due, fence, holder, lease until, updated at, body */
  readonly insert: Statement;
  /** kind, id, due, fence, holder, lease until, updated at, body, expected version */
  readonly update: Statement;
  /** ids as JSON, now, limit, holder, lease until */
  readonly claimDue: Statement<SqlRow>;
  /** limit */
  readonly upcoming: Statement<SqlDue>;
  /** limit, due, id */
  readonly upcomingAfter: Statement<SqlDue>;
  /** kind, limit */
  readonly list: Statement<SqlRow>;
  /** kind, limit, after */
  readonly listAfter: Statement<SqlRow>;
}

const columns = 'kind, id, version, due, fence, holder, lease_until, body';

/** In the order of the index on `due`, which the planner would not choose without statistics. */
const schedule = "rows INDEXED BY accounts_by_due WHERE kind = 'account' AND due IS NOT NULL";
/** Each by its key: the rows before them in the schedule are not walked. */
const named = `rows INDEXED BY rows_by_id
  WHERE kind = 'account' AND id IN (SELECT value FROM json_each(?1))`;
const upcoming = `SELECT id, due, lease_until FROM ${schedule}`;

export function rowStatements(connection: Connection): RowStatements {
  return {
    read: connection.prepare(`SELECT ${columns} FROM rows WHERE kind = ?1 AND id = ?2`),
    insert: connection.prepare(
      `INSERT INTO rows (version, kind, id, due, fence, holder, lease_until, updated_at, body)
       VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING`,
    ),
    update: connection.prepare(
      `UPDATE rows SET version = version + 1, due = ?3, fence = ?4, holder = ?5,
              lease_until = ?6, updated_at = ?7, body = ?8
       WHERE kind = ?1 AND id = ?2 AND version = ?9`,
    ),
    claimDue: connection.prepare(
      `UPDATE rows SET version = version + 1, fence = fence + 1, holder = ?4, lease_until = ?5,
              updated_at = ?2
       WHERE rowid IN (
         SELECT rowid FROM ${named} AND due <= ?2 AND (lease_until IS NULL OR lease_until <= ?2)
         ORDER BY due LIMIT ?3
       )
       RETURNING ${columns}`,
    ),
    upcoming: connection.prepare(`${upcoming} ORDER BY due, id LIMIT ?1`),
    upcomingAfter: connection.prepare(
      `${upcoming} AND (due, id) > (?2, ?3) ORDER BY due, id LIMIT ?1`,
    ),
    list: connection.prepare(`SELECT ${columns} FROM rows WHERE kind = ?1 ORDER BY id LIMIT ?2`),
    listAfter: connection.prepare(
      `SELECT ${columns} FROM rows WHERE kind = ?1 AND id > ?3 ORDER BY id LIMIT ?2`,
    ),
  };
}

export function storedRow(row: SqlRow): StoredRow {
  return {
    kind: row.kind,
    id: row.id,
    version: row.version,
    due: row.due ?? undefined,
    fence: row.fence,
    holder: row.holder ?? undefined,
    leaseUntil: row.lease_until ?? undefined,
    body: row.body,
  };
}

export function dueEntry({ id, due, lease_until }: SqlDue): DueEntry {
  return { id, due, leaseUntil: lease_until ?? undefined };
}
