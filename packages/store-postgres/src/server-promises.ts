import { TokenError } from '@tokenkeep/core';
import { ask } from './connections.js';
import type { PgClient } from './pg-pool.js';

const OLDEST_SERVER = 130_000;

const facts = `SELECT current_setting('server_version_num'), pg_is_in_recovery()::int,
  current_setting('transaction_read_only'), current_setting('transaction_isolation'),
  current_setting('server_encoding'), current_setting('extra_float_digits'),
  quote_ident(current_user)`;

/**
 * Refuses a server that cannot do what the store needs, whoever asks for it.
 *
 * @throws TokenError `STORE_MISCONFIGURED`
 */
export async function checkServer(client: PgClient, location: string): Promise<void> {
  const [row = []] = await ask(client, { text: facts });
  const [version, inRecovery, readOnly, isolation, encoding, digits, user] = row;
  const refuse = (reason: string, message: string): never => {
    throw new TokenError('STORE_MISCONFIGURED', `PostgreSQL at ${location} ${message}`, { reason });
  };
  const set = (change: string) =>
    `ALTER ROLE ${user} SET ${change}; or change it in the URL or pool`;
  if (Number(version) < OLDEST_SERVER) refuse('server_too_old', 'is older than version 13');
  if (inRecovery === '1') {
    refuse('standby', 'is a standby, which takes no writes. Give the address of the primary');
  }
  if (readOnly !== 'off') {
    refuse(
      'read_only',
      `is read-only for this user: ${set('default_transaction_read_only = off')}`,
    );
  }
  if (isolation !== 'read committed') {
    refuse(
      'isolation_level',
      `isolates transactions as "${isolation}", with which waiting writes fail: ${set("default_transaction_isolation = 'read committed'")}`,
    );
  }
  if (encoding !== 'UTF8') {
    refuse(
      'encoding',
      `keeps this database as ${encoding}. Make one with: createdb --template=template0 --encoding=UTF8`,
    );
  }
  if (Number(digits) < 1) {
    refuse('float_digits', `rounds times: ${set('extra_float_digits = 1')}`);
  }
}

/** What the server may forget although it has confirmed it. `schema` is quoted. */
export async function weaknessesOf(client: PgClient, schema: string): Promise<readonly string[]> {
  const [row = []] = await ask(client, {
    text: `SELECT current_setting('fsync'), current_setting('full_page_writes'),
      (SELECT string_agg(relname::text, ',' ORDER BY relname) FROM pg_class
       WHERE oid IN (to_regclass($1), to_regclass($2)) AND relpersistence <> 'p')`,
    values: [`${schema}.rows`, `${schema}.store`],
  });
  const [fsync, fullPageWrites, unlogged] = row;
  const weaknesses: string[] = [];
  if (fsync !== 'on') {
    weaknesses.push(
      'fsync is off: a power cut can lose or damage everything. Set fsync = on in postgresql.conf and reload.',
    );
  }
  if (fullPageWrites !== 'on') {
    weaknesses.push(
      'full_page_writes is off: a power cut can leave pages half written. Set full_page_writes = on in postgresql.conf and reload.',
    );
  }
  for (const table of unlogged === null || unlogged === undefined ? [] : unlogged.split(',')) {
    weaknesses.push(
      `the table ${table} is unlogged: a crash of the server empties it. Run: ALTER TABLE ${schema}.${table} SET LOGGED.`,
    );
  }
  return weaknesses;
}
