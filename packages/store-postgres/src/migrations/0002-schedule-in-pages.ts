import type { Migration } from './migration.js';

/**
 * The schedule is read in pages, each after the place where the last one ended: with the id in the
 * index, a hundred thousand rows that are due at one moment are walked, and not sorted for each page.
 * The end of the lease stays out of it: a claim and a heartbeat change nothing that is indexed, and
 * leave the index alone.
 *
 * Claims name the few rows they want, and find each by its key (`due + 0` is in no index): the rows
 * before them in the schedule, and what renewals have left of others there, are not walked.
 * Most writes are of one row. To plan the statement that writes eight takes seven times as long as to
 * run this one; a function in PL/pgSQL is planned once for each connection, and leaves nothing in the
 * session that a pooler would have to know of.
 *
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

    CREATE FUNCTION ${schema}.write_one(
      new_kind text, new_id text, expected bigint, new_body text, new_due double precision,
      new_fence bigint, new_holder text, lease_ms double precision,
      floor_ms double precision, lock_timeout_ms text, gate bigint
    )
    RETURNS TABLE (raw_ms double precision, time_ms double precision, stale bigint, changed bigint)
    LANGUAGE plpgsql VOLATILE AS $write$
    DECLARE
      seen bigint;
    BEGIN
      PERFORM set_config('lock_timeout', lock_timeout_ms, true);
      IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
      END IF;
      PERFORM pg_advisory_xact_lock_shared(gate);
      SELECT r.version INTO seen FROM ${schema}.rows r
        WHERE r.kind = new_kind AND r.id = new_id FOR UPDATE;
      SELECT extract(epoch FROM clock_timestamp())::double precision * 1000 + s.ahead_ms
        INTO raw_ms FROM ${schema}.store s WHERE s.single;
      IF NOT FOUND THEN RETURN; END IF;
      time_ms := greatest(raw_ms, floor_ms);
      changed := 0;
      IF coalesce(seen, 0) <> expected THEN
        stale := 1;
      ELSIF expected = 0 THEN
        INSERT INTO ${schema}.rows
          (kind, id, version, due, fence, holder, lease_until, updated_at, body)
          VALUES (new_kind, new_id, 1, new_due, new_fence, new_holder, time_ms + lease_ms, time_ms,
                  new_body)
          ON CONFLICT (kind, id) DO NOTHING;
        GET DIAGNOSTICS changed = ROW_COUNT;
      ELSE
        UPDATE ${schema}.rows r
          SET version = expected + 1, due = new_due, fence = new_fence, holder = new_holder,
              lease_until = time_ms + lease_ms, updated_at = time_ms, body = new_body
          WHERE r.kind = new_kind AND r.id = new_id;
        GET DIAGNOSTICS changed = ROW_COUNT;
      END IF;
      RETURN NEXT;
    END $write$;
  `,
};
