import { TokenError } from '@tokenkeep/core';
import { ask } from './connections.js';
import { schemaNewer, sqlStateOf } from './driver-errors.js';
import { migrations } from './migrations/index.js';
import type { Migration } from './migrations/migration.js';
import type { PgClient } from './pg-pool.js';

const INSUFFICIENT_PRIVILEGE = '42501';
const ALREADY_EXISTS = ['42P07', '42723', '42P06'];

/** Where the tables are. */
export interface SchemaPlace {
  /** Quoted. */
  readonly schema: string;
  readonly location: string;
  /** Key of the advisory lock under which the schema is made. */
  readonly lock: string;
}

/** Brings the schema up to date in one transaction. Ten processes may do so at once. */
export async function migrate(
  client: PgClient,
  place: SchemaPlace,
  steps: readonly Migration[] = migrations,
): Promise<void> {
  try {
    if ((await versionOf(client, place, steps.length)) === steps.length) return;
    await ask(client, { text: 'BEGIN ISOLATION LEVEL READ COMMITTED' });
    await ask(client, { text: 'SELECT pg_advisory_xact_lock($1)', values: [place.lock] });
    const version = await versionOf(client, place, steps.length);
    if (version === 0 && !(await hasSchema(client, place))) {
      await ask(client, { text: `CREATE SCHEMA ${place.schema}` });
    }
    for (const step of steps.slice(version)) await ask(client, { text: step.sql(place.schema) });
    await ask(client, {
      text: `UPDATE ${place.schema}.store SET schema_version = $1`,
      values: [steps.length],
    });
    await ask(client, { text: 'COMMIT' });
  } catch (error) {
    throw await schemaError(error, place);
  }
}

/** 0: there is none yet. */
async function versionOf(client: PgClient, place: SchemaPlace, known: number): Promise<number> {
  const { schema, location } = place;
  const [found = []] = await ask(client, {
    text: `SELECT CASE WHEN has_schema_privilege(n.oid, 'USAGE')
                       THEN to_regclass($1)::oid::text ELSE 'hidden' END
           FROM pg_namespace n WHERE quote_ident(n.nspname) = $2 OR n.nspname = $3`,
    values: [`${schema}.store`, schema, unquoted(schema)],
  });
  if (found[0] === 'hidden') throw noRights(place);
  if (found[0] === undefined || found[0] === null) return 0;
  const [row = []] = await ask(client, { text: `SELECT schema_version FROM ${schema}.store` });
  if (row[0] === undefined) throw lostRow(place);
  const version = Number(row[0]);
  if (version > known) {
    throw schemaNewer(`the schema ${schema} of PostgreSQL at ${location}`, version);
  }
  return version;
}

async function hasSchema(client: PgClient, { schema }: SchemaPlace): Promise<boolean> {
  const text = 'SELECT 1 FROM pg_namespace WHERE nspname = $1';
  return (await ask(client, { text, values: [unquoted(schema)] })).length > 0;
}

async function schemaError(error: unknown, place: SchemaPlace): Promise<unknown> {
  const state = sqlStateOf(error) ?? '';
  if (state === INSUFFICIENT_PRIVILEGE) return noRights(place);
  // A table called "store" without our columns.
  if (ALREADY_EXISTS.includes(state) || state === '42703') {
    return new TokenError(
      'STORE_MISCONFIGURED',
      `the schema ${place.schema} of PostgreSQL at ${place.location} has tables of another program. Choose another one: postgresStore({ schema })`,
      { reason: 'foreign_schema' },
    );
  }
  return error;
}

/** The store's identity was in it: with another one, nothing that was sealed would open. */
function lostRow({ schema, location }: SchemaPlace): TokenError {
  return new TokenError(
    'STORE_MISCONFIGURED',
    `the table ${schema}.store of PostgreSQL at ${location} has lost its row, which says which store this is. Nothing was changed. Restore the table from a backup, or drop the schema and log every account in again`,
    { reason: 'damaged' },
  );
}

function noRights({ schema, location }: SchemaPlace): TokenError {
  return new TokenError(
    'STORE_MISCONFIGURED',
    `PostgreSQL at ${location} does not let this user make or change the schema ${schema}. Have an administrator run, with the user's name: CREATE SCHEMA IF NOT EXISTS ${schema}; GRANT USAGE, CREATE ON SCHEMA ${schema} TO the_user; and, if the tables belong to another user, run the program once as that user`,
    { reason: 'permission_denied' },
  );
}

/**
 * Whether this user may do what every call does.
 *
 * @throws TokenError `STORE_MISCONFIGURED` with the GRANTs that are missing
 */
export async function checkPrivileges(
  client: PgClient,
  { schema, location }: SchemaPlace,
): Promise<void> {
  const wanted = [
    ['rows', 'SELECT'],
    ['rows', 'INSERT'],
    ['rows', 'UPDATE'],
    ['store', 'SELECT'],
    ['store', 'UPDATE'],
  ] as const;
  const has = wanted.map(
    ([table, right]) => `has_table_privilege('${schema}.${table}', '${right}')`,
  );
  const mayCall = `has_function_privilege(p.oid, 'EXECUTE')`;
  const [row = []] = await ask(client, {
    text: `SELECT quote_ident(current_user), ${has.map((each) => `${each}::int`).join(', ')},
      (SELECT bool_and(${mayCall})::int FROM pg_proc p
       WHERE p.pronamespace = $1::regnamespace AND p.proname IN ('claim_named', 'write_one'))`,
    values: [schema],
  });
  const [user, ...answers] = row;
  const grants = wanted
    .filter((_, index) => answers[index] !== '1')
    .map(([table, right]) => `GRANT ${right} ON ${schema}.${table} TO ${user}`);
  if (answers[wanted.length] !== '1') {
    for (const name of ['claim_named', 'write_one']) {
      grants.push(`GRANT EXECUTE ON FUNCTION ${schema}.${name} TO ${user}`);
    }
  }
  if (grants.length === 0) return;
  throw new TokenError(
    'STORE_MISCONFIGURED',
    `PostgreSQL at ${location} does not let this user work with the tables. Have their owner run: ${grants.join('; ')}`,
    { reason: 'permission_denied' },
  );
}

function unquoted(schema: string): string {
  return schema.slice(1, -1);
}
