import type { Migration } from './migration.js';

/**
 * The schedule is read in pages, each after the place where the last one ended: with the id in the
 * index, a hundred thousand rows that are due at one moment are walked, and not sorted for each page.
 * The end of the lease stays out of it: a claim and a heartbeat change nothing that is indexed, and
 * leave the index alone.
 *
 * Claims name the few rows they want, and find each by its key (`due + 0` is in no index): the rows
 * before them in the schedule, and what renewals have left of others there, are not walked.
 * `claim_due` stays for replicas of the version before.
 */
export const scheduleInPages: Migration = {
  name: 'schedule in pages',
  sql: (schema) => `
    CREATE INDEX accounts_by_due_and_id ON ${schema}.rows (due, id)
      WHERE kind = 'account' AND due IS NOT NULL;
    DROP INDEX ${schema}.accounts_by_due;

    CREATE FUNCTION ${schema}.claim_named(
      ids text[], claimant text, lease_ms double precision, at_most bigint,
      floor_ms double precision, lock_timeout_ms text, gate bigint
    )
    RETURNS TABLE (
      raw_ms double precision, time_ms double precision,
      kind text, id text, version bigint, due double precision, fence bigint,
      holder text, lease_until double precision, body text
    )
    LANGUAGE sql VOLATILE SET jit = off AS $claim$
      SELECT set_config('lock_timeout', $6, true),
             set_config('synchronous_commit',
               CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
                    ELSE current_setting('synchronous_commit') END, true),
             pg_advisory_xact_lock($7);
      WITH moment AS MATERIALIZED (
        SELECT c.raw, greatest(c.raw, $5) AS ms
        FROM (
          SELECT extract(epoch FROM clock_timestamp())::double precision * 1000 + s.ahead_ms AS raw
          FROM ${schema}.store s WHERE s.single
        ) c
      ), free AS MATERIALIZED (
        SELECT r.id
        FROM ${schema}.rows r
        WHERE r.kind = 'account' AND r.id = ANY ($1)
          AND r.due + 0 <= (SELECT ms FROM moment)
          AND (r.lease_until IS NULL OR r.lease_until <= (SELECT ms FROM moment))
        ORDER BY r.due + 0 LIMIT $4
        FOR UPDATE OF r SKIP LOCKED
      ), claimed AS (
        UPDATE ${schema}.rows r
        SET version = r.version + 1, fence = r.fence + 1, holder = $2,
            lease_until = moment.ms + $3, updated_at = moment.ms
        FROM moment
        WHERE r.kind = 'account' AND r.id = ANY (ARRAY(SELECT free.id FROM free))
        RETURNING r.kind, r.id, r.version, r.due, r.fence, r.holder, r.lease_until, r.body
      )
      SELECT moment.raw, moment.ms, c.kind, c.id, c.version, c.due, c.fence, c.holder,
             c.lease_until, c.body
      FROM moment LEFT JOIN claimed c ON true
      ORDER BY c.due;
    $claim$;
  `,
};
