import { schemaVersion } from './migrations/index.js';

/** A statement, with what the caller wrote as parameters only. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Sent along with every call. */
export interface CallFacts {
  /** The time of no answer is below this. */
  readonly floorMs: number | null;
  readonly lockTimeoutMs: number;
}

/**
 * A value for a statement that has no time of its own. Of a schema that a newer version has made it is
 * the root of a negative number, as below.
 */
export function unlessNewer(schema: string, value: string): string {
  return `(SELECT CASE WHEN s.schema_version > ${schemaVersion}
    THEN sqrt(${schemaVersion} - s.schema_version::float8)::bigint
    ELSE ${value} END FROM ${schema}.store s WHERE s.single)`;
}

/**
 * The time, as a part of a statement whose `$1` is the floor. `after`: a relation that has to be read
 * to its end before the clock is. A standby has no time: what it answers may be old. A schema that a
 * newer version has made has none either: the root of a negative number undoes the statement, with
 * an SQLSTATE that nothing else here can have.
 */
export function momentIn(schema: string, after = ''): string {
  return `moment AS MATERIALIZED (
    SELECT c.raw, greatest(c.raw, $1::float8) AS ms FROM (
      SELECT CASE WHEN s.schema_version > ${schemaVersion}
        THEN sqrt(${schemaVersion} - s.schema_version::float8)
        WHEN NOT pg_is_in_recovery()
        THEN extract(epoch FROM clock_timestamp())::float8 * 1000 + s.ahead_ms END AS raw
      FROM ${schema}.store s ${after} WHERE s.single
    ) c)`;
}
