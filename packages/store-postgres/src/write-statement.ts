import type { RowWrite } from '@tokenkeep/core';
import { type CallFacts, momentIn, type Statement, unlessNewer } from './statement.js';

/** A time limit and durability for this transaction alone: nothing is left in the session. */
const forThisTransaction = (lockTimeout: string) => `
  set_config('lock_timeout', ${lockTimeout}, true),
  set_config('synchronous_commit',
    CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
         ELSE current_setting('synchronous_commit') END, true)`;

/**
 * The place of a change that is stale, or null, and how many rows were changed. Rows are locked by
 * kind and id, so that two writes never wait for each other, and the clock is read once they are
 * locked. A row that appeared meanwhile leaves fewer rows made than given: a division by zero
 * then undoes the others.
 */
export function writeStatement(
  schema: string,
  gate: string,
  call: CallFacts,
  changes: readonly RowWrite[],
): Statement {
  return {
    text: `WITH gate AS MATERIALIZED (
          SELECT ${forThisTransaction('$2')}, pg_advisory_xact_lock_shared($3)
        ), given AS MATERIALIZED (
          SELECT g.* FROM gate, unnest($4::text[], $5::text[], $6::int8[], $7::text[],
            $8::float8[], $9::int8[], $10::text[], $11::float8[]) WITH ORDINALITY
            AS g (kind, id, expected, body, due, fence, holder, lease_ms, place)
        ), locked AS MATERIALIZED (
          SELECT g.place, r.version FROM given g
          JOIN ${schema}.rows r ON r.kind = g.kind AND r.id = g.id
          ORDER BY r.kind, r.id FOR UPDATE OF r
        ), judged AS MATERIALIZED (
          SELECT min(g.place) AS stale FROM given g LEFT JOIN locked l ON l.place = g.place
          WHERE coalesce(l.version, 0) <> g.expected
        ), ${momentIn(schema, ', judged')},
        changed AS (
          UPDATE ${schema}.rows r
          SET version = r.version + 1, due = g.due, fence = g.fence, holder = g.holder,
              lease_until = m.ms + g.lease_ms, updated_at = m.ms, body = g.body
          FROM given g, judged j, moment m
          WHERE j.stale IS NULL AND g.expected > 0 AND r.kind = g.kind AND r.id = g.id
          RETURNING 1
        ), made AS (
          INSERT INTO ${schema}.rows
            (kind, id, version, due, fence, holder, lease_until, updated_at, body)
          SELECT g.kind, g.id, 1, g.due, g.fence, g.holder, m.ms + g.lease_ms, m.ms, g.body
          FROM given g, judged j, moment m WHERE j.stale IS NULL AND g.expected = 0
          ORDER BY g.kind, g.id
          ON CONFLICT (kind, id) DO NOTHING RETURNING 1
        ), done AS MATERIALIZED (
          SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM made) AS count
        )
        SELECT m.raw, m.ms, j.stale, d.count,
          CASE WHEN d.count NOT IN (0, cardinality($4)) THEN 1 / (d.count - d.count) END
        FROM moment m, judged j, done d`,
    values: [
      call.floorMs,
      String(call.lockTimeoutMs),
      gate,
      ...placesOf(changes),
      ...columnsOf(changes),
    ],
  };
}

/** The same for a change of one row, by a function whose plan the server keeps. */
export function writeOneStatement(
  schema: string,
  gate: string,
  { floorMs, lockTimeoutMs }: CallFacts,
  { kind, id, expected, body, due, fence, lease }: RowWrite,
): Statement {
  return {
    text: `SELECT * FROM ${schema}.write_one(
      $1, $2, ${unlessNewer(schema, '$3::bigint')}, $4, $5, $6, $7, $8, $9, $10, $11)`,
    values: [
      kind,
      id,
      expected,
      body,
      due ?? null,
      fence,
      lease?.holder ?? null,
      lease?.ms ?? null,
      floorMs,
      String(lockTimeoutMs),
      gate,
    ],
  };
}

/**
 * The same for changes that have nothing to do with each other: the place of each, whether it was
 * made, and when. Rows are locked in the order in which all writes lock them.
 */
export function writeEachStatement(
  schema: string,
  gate: string,
  { floorMs, lockTimeoutMs }: CallFacts,
  changes: readonly RowWrite[],
): Statement {
  return {
    text: `SELECT w.raw_ms, w.time_ms, g.place, w.changed, w.time_ms FROM (
        SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::float8[], $6::int8[],
          $7::text[], $8::float8[]) WITH ORDINALITY
          AS g (kind, id, expected, body, due, fence, holder, lease_ms, place)
        ORDER BY g.kind COLLATE "C", g.id COLLATE "C", g.place
      ) g CROSS JOIN LATERAL ${schema}.write_one(g.kind, g.id,
        g.expected + ${unlessNewer(schema, '0')}, g.body, g.due, g.fence, g.holder, g.lease_ms,
        $9, $10, $11) w`,
    values: [...placesOf(changes), ...columnsOf(changes), floorMs, String(lockTimeoutMs), gate],
  };
}

/** The place of the first change that is stale, or null. */
export function firstStaleStatement(
  schema: string,
  { floorMs }: CallFacts,
  changes: readonly RowWrite[],
): Statement {
  return {
    text: `WITH ${momentIn(schema)} SELECT m.raw, m.ms, (
          SELECT min(g.place) FROM unnest($2::text[], $3::text[], $4::int8[]) WITH ORDINALITY
            AS g (kind, id, expected, place)
          LEFT JOIN ${schema}.rows r ON r.kind = g.kind AND r.id = g.id
          WHERE coalesce(r.version, 0) <> g.expected
        ) FROM moment m`,
    values: [floorMs, ...placesOf(changes)],
  };
}

/** Kinds, ids and expected versions. */
function placesOf(changes: readonly RowWrite[]): readonly unknown[] {
  return [
    changes.map(({ kind }) => kind),
    changes.map(({ id }) => id),
    changes.map(({ expected }) => expected),
  ];
}

/** What is to be written: bodies, dues, fences, and leases in two parts. */
function columnsOf(changes: readonly RowWrite[]): readonly unknown[] {
  return [
    changes.map(({ body }) => body),
    changes.map(({ due }) => due ?? null),
    changes.map(({ fence }) => fence),
    changes.map(({ lease }) => lease?.holder ?? null),
    changes.map(({ lease }) => lease?.ms ?? null),
  ];
}
