import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { type PostgresStoreOptions, postgresStore } from '@tokenkeep/store-postgres';
import pg from 'pg';

const url = 'postgres://keeper:hunter2@db.example:6432/tokens';

function refusal(options: unknown): TokenError {
  try {
    postgresStore(options as PostgresStoreOptions);
  } catch (error) {
    if (TokenError.is(error, 'CONFIGURATION_INVALID')) return error;
    throw error;
  }
  throw new Error('The options were accepted.');
}

test.each<[string, unknown, RegExp]>([
  ['no options', undefined, /wants a URL, got undefined/],
  ['a URL without its name', url, /by name: postgresStore\(\{ url \}\)/],
  ['neither a URL nor a pool', {}, /either a url or a pool, got neither/],
  ['both', { url, pool: new pg.Pool() }, /either a url or a pool, got both/],
  ['an unknown option', { url, path: 'x' }, /no option "path".*url, pool, schema/],
  ['an empty URL', { url: '' }, /got an empty text/],
  ['a URL of another scheme', { url: 'mysql://keeper:hunter2@db/tokens' }, /not with mysql:/],
  ['a URL without a host', { url: 'postgres:///tokens' }, /names no host/],
  ['a URL without a database', { url: 'postgres://keeper:hunter2@db' }, /names no database/],
  ['a URL with a raw password', { url: 'postgres://keeper:hunter2#/@db/tokens' }, /unencoded/],
  ['a URL with a stray %', { url: 'postgres://keeper:hunter2%@db/tokens' }, /Write it as %25/],
  ['a raw / in the password', { url: 'postgres://keeper:1/hunter2@db/tokens' }, /unencoded @/],
  ['a raw / after digits', { url: 'postgres://keeper:12/hunter2@tokens' }, /encodeURIComponent/],
  ['raw @ and /', { url: 'postgres://keeper:x@hunter2/y@db' }, /unencoded @/],
  ['raw @ and ?', { url: 'postgres://keeper:x@hunter2/y?z@db/tokens' }, /unencoded @/],
  ['raw @ and #', { url: 'postgres://keeper:x@hunter2/y#z@db/tokens' }, /unencoded @/],
  ['a misspelt parameter', { url: `${url}?sslmod=require` }, /unknown parameter "sslmod"/],
  ['a schema in the URL', { url: `${url}?schema=x` }, /an option of the store/],
  ['a parameter that is a secret', { url: `${url}?hunter2-x=1` }, /unknown parameter\. Known/],
  ['an sslmode that is none', { url: `${url}?sslmode=hunter2` }, /sslmode of its URL is one of/],
  ['several hosts', { url: 'postgres://keeper:hunter2@a:1,b:2/tokens' }, /cannot be read/],
  ['a client instead of a pool', { pool: new pg.Client() }, /pool is a Pool/],
  ['a number instead of a pool', { pool: 5 }, /pool is a Pool of the package pg, got 5/],
  ['a pool and a count', { pool: new pg.Pool(), maxConnections: 2 }, /set max on the pool/],
  ['a schema that is SQL', { url, schema: 'a"; DROP TABLE b' }, /schema is a name/],
  ['a schema of the server', { url, schema: 'pg_temp' }, /schema is a name/],
  ['a schema that is too long', { url, schema: 'x'.repeat(49) }, /up to 48/],
  ['no time', { url, timeoutMs: 0 }, /timeoutMs is a number.*got 0/],
  ['time as a text', { url, timeoutMs: '5s' }, /got a string/],
  ['another wish', { url, whenNotDurable: 'ignore' }, /'refuse' or 'warn'/],
  ['half a connection', { url, maxConnections: 0.5 }, /whole number/],
])('%s is refused with what to write instead', (_, options, message) => {
  const error = refusal(options);
  expect(error.message).toMatch(message);
  expect(`${inspect(error)}${error.stack}`).not.toContain('hunter2');
});

test('traits name the server, the database and the schema, and no credentials', () => {
  const { traits } = postgresStore({ url, schema: 'other' });
  expect(traits).toEqual({
    name: 'postgres',
    location: 'db.example:6432/tokens schema other',
    durable: true,
    sharedBy: 'fleet',
    steadyClock: false,
  });
  expect(postgresStore({ url, whenNotDurable: 'warn' }).traits.weaknessesAccepted).toBe(true);
});

test('a pool of the host is described by its options', () => {
  const at = (options: pg.PoolConfig) =>
    postgresStore({ pool: new pg.Pool(options) }).traits.location;
  expect(at({ connectionString: url })).toBe('db.example:6432/tokens schema tokenkeep');
  expect(at({ host: 'db', database: 'tokens', password: 'hunter2' })).toBe(
    'db:5432/tokens schema tokenkeep',
  );
  expect(at({})).toBe('a pool of the host schema tokenkeep');
});

test('a store that is inspected, printed or made JSON shows no password', () => {
  const store = postgresStore({ url });
  const shown = [
    inspect(store, { depth: 9, showHidden: true }),
    String(store),
    JSON.stringify(store),
  ];
  expect(shown.join()).not.toContain('hunter2');
});
