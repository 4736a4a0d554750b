import type {
  ClaimDueQuery,
  DueEntry,
  DuePlace,
  RowKind,
  RowWrite,
  StoredRow,
} from '@tokenkeep/core';
import { type CallFacts, momentIn, type Statement, unlessNewer } from './statement.js';
import {
  firstStaleStatement,
  writeEachStatement,
  writeOneStatement,
  writeStatement,
} from './write-statement.js';

/** A value as PostgreSQL writes it. */
export type SqlValue = string | null;
export type SqlRow = readonly SqlValue[];

const columns = 'r.kind, r.id, r.version, r.due, r.fence, r.holder, r.lease_until, r.body';

/** Every statement on `rows`. All begin their answers with the raw time and the time. */
export class RowStatements {
  readonly #moment: string;

  constructor(
    private readonly schema: string,
    /** Key of the advisory lock that claims take alone, and writes together. */
    private readonly gate: string,
  ) {
    this.#moment = momentIn(schema);
  }

  identity({ floorMs }: CallFacts): Statement {
    return {
      text: `WITH ${this.#moment} SELECT m.raw, m.ms, s.identity
        FROM moment m, ${this.schema}.store s`,
      values: [floorMs],
    };
  }

  now({ floorMs }: CallFacts): Statement {
    return { text: `WITH ${this.#moment} SELECT m.raw, m.ms FROM moment m`, values: [floorMs] };
  }

  /** The time goes on from `ms`, for everybody, on a server whose clock was set back. */
  goOnFrom(ms: number): Statement {
    return {
      text: `UPDATE ${this.schema}.store SET ahead_ms =
        greatest(ahead_ms, $1::float8 - extract(epoch FROM clock_timestamp())::float8 * 1000)`,
      values: [ms],
    };
  }

  latest({ floorMs }: CallFacts): Statement {
    return {
      text: `WITH ${this.#moment} SELECT m.raw, m.ms,
        (SELECT max(updated_at) FROM ${this.schema}.rows) FROM moment m`,
      values: [floorMs],
    };
  }

  read({ floorMs }: CallFacts, kind: RowKind, id: string): Statement {
    return {
      text: `WITH ${this.#moment} SELECT m.raw, m.ms, ${columns} FROM moment m
        LEFT JOIN ${this.schema}.rows r ON r.kind = $2 AND r.id = $3`,
      values: [floorMs, kind, id],
    };
  }

  list({ floorMs }: CallFacts, kind: RowKind, after: string | undefined, limit: number): Statement {
    return {
      text: `WITH ${this.#moment} SELECT m.raw, m.ms, ${columns} FROM moment m LEFT JOIN (
          SELECT * FROM ${this.schema}.rows
          WHERE kind = $2 AND ($3::text IS NULL OR id > $3) ORDER BY id LIMIT $4
        ) r ON true ORDER BY r.id`,
      values: [floorMs, kind, after ?? null, limit],
    };
  }

  upcoming({ floorMs }: CallFacts, after: DuePlace | undefined, limit: number): Statement {
    const place = after === undefined ? [] : [after.due, after.id];
    const isAfter = after === undefined ? '' : 'AND (due, id) > ($3::float8, $4::text)';
    return {
      text: `WITH ${this.#moment} SELECT m.raw, m.ms, r.id, r.due, r.lease_until
        FROM moment m LEFT JOIN (
          SELECT id, due, lease_until FROM ${this.schema}.rows
          WHERE kind = 'account' AND due IS NOT NULL ${isAfter} ORDER BY due, id LIMIT $2
        ) r ON true ORDER BY r.due, r.id`,
      values: [floorMs, limit, ...place],
    };
  }

  /** `atGate`: once no write is in flight. A function that locks does nothing with a null. */
  claimDue(
    call: CallFacts,
    { ids, holder, leaseMs, limit }: ClaimDueQuery,
    atGate: boolean,
  ): Statement {
    const lockTimeout = String(call.lockTimeoutMs);
    const gate = atGate ? this.gate : null;
    return {
      text: `SELECT * FROM ${this.schema}.claim_named(
        $1, $2, $3, ${unlessNewer(this.schema, '$4::bigint')}, $5, $6, $7)`,
      values: [ids, holder, leaseMs, limit, call.floorMs, lockTimeout, gate],
    };
  }

  /** All of them or none. */
  write(call: CallFacts, changes: readonly RowWrite[]): Statement {
    return writeStatement(this.schema, this.gate, call, changes);
  }

  writeOne(call: CallFacts, change: RowWrite): Statement {
    return writeOneStatement(this.schema, this.gate, call, change);
  }

  /** Each for itself. */
  writeEach(call: CallFacts, changes: readonly RowWrite[]): Statement {
    return writeEachStatement(this.schema, this.gate, call, changes);
  }

  firstStale(call: CallFacts, changes: readonly RowWrite[]): Statement {
    return firstStaleStatement(this.schema, call, changes);
  }
}

/** From the columns in the order that all statements name them. */
export function storedRow([
  kind,
  id,
  version,
  due,
  fence,
  holder,
  leaseUntil,
  body,
]: SqlRow): StoredRow {
  return {
    kind: kind as RowKind,
    id: String(id),
    version: Number(version),
    due: numberOf(due),
    fence: Number(fence),
    holder: holder ?? undefined,
    leaseUntil: numberOf(leaseUntil),
    body: String(body),
  };
}

/** From id, due and the end of the lease. */
export function dueEntry([id, due, leaseUntil]: SqlRow): DueEntry {
  return { id: String(id), due: Number(due), leaseUntil: numberOf(leaseUntil) };
}

export function numberOf(value: SqlValue | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}
