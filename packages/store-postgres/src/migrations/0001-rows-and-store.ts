import type { Migration } from './migration.js';

/**
 * Every write changes most columns and often `due`, which is indexed, so pages keep room for the next
 * version of a row and vacuum comes early. Bodies are sealed and do not compress: EXTERNAL.
 *
 * `claim_due` is a function because it needs two snapshots in one transaction without a round trip
 * between them: the second statement of a function sees what was committed while the first one
 * waited. Its lock is that of nobody else's write: see the decision on PostgreSQL.
 *
 * The ids are compared by a hashed subplan (`IS TRUE` keeps it from becoming a join): an idle tick
 * over 10,000 accounts walks an empty range of the index and never unpacks them. The planner guesses
 * badly at how many ids there are: no compiling of the plan, and an array where it would join.
 */
export const rowsAndStore: Migration = {
  name: 'rows and store',
  sql: (schema) => `
    CREATE TABLE ${schema}.store (
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      schema_version integer NOT NULL,
      identity text NOT NULL,
      ahead_ms double precision NOT NULL DEFAULT 0
    );
    INSERT INTO ${schema}.store (schema_version, identity)
      VALUES (0, replace(gen_random_uuid()::text, '-', ''));

    CREATE TABLE ${schema}.rows (
      kind text COLLATE "C" NOT NULL CHECK (kind IN ('account', 'budget', 'configuration')),
      id text COLLATE "C" NOT NULL,
      version bigint NOT NULL CHECK (version > 0),
      due double precision,
      fence bigint NOT NULL,
      lease_until double precision,
      updated_at double precision NOT NULL,
      holder text,
      body text NOT NULL,
      PRIMARY KEY (kind, id)
    ) WITH (
      fillfactor = 60,
      autovacuum_vacuum_scale_factor = 0.02,
      autovacuum_vacuum_threshold = 200,
      autovacuum_analyze_scale_factor = 0.1,
      toast.autovacuum_vacuum_scale_factor = 0.02,
      toast.autovacuum_vacuum_threshold = 200
    );
    ALTER TABLE ${schema}.rows ALTER COLUMN body SET STORAGE EXTERNAL;
    CREATE INDEX accounts_by_due ON ${schema}.rows (due)
      WHERE kind = 'account' AND due IS NOT NULL;

    CREATE FUNCTION ${schema}.claim_due(
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
        WHERE r.kind = 'account' AND r.due IS NOT NULL
          AND r.due <= (SELECT ms FROM moment)
          AND (r.lease_until IS NULL OR r.lease_until <= (SELECT ms FROM moment))
          AND (r.id IN (SELECT unnest($1))) IS TRUE
        ORDER BY r.due LIMIT $4
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
