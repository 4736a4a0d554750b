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
 * The time, as a part of a statement whose `$1` is the floor. `after`: a relation that has to be read
 * to its end before the clock is. A standby has no time: what it answers may be old.
 */
export function momentIn(schema: string, after = ''): string {
  return `moment AS MATERIALIZED (
    SELECT c.raw, greatest(c.raw, $1::float8) AS ms FROM (
      SELECT CASE WHEN NOT pg_is_in_recovery()
        THEN extract(epoch FROM clock_timestamp())::float8 * 1000 + s.ahead_ms END AS raw
      FROM ${schema}.store s ${after} WHERE s.single
    ) c)`;
}
