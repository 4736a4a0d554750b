import { TokenError } from '@tokenkeep/core';
import type { PgPool } from './pg-pool.js';

const DEFAULT_PORT = '5432';
const example = 'postgres://user:password@host:5432/database';

/**
 * `host:port/database`. Nothing else of the URL is ever shown: it may hold a password.
 *
 * @throws TokenError `CONFIGURATION_INVALID`
 */
export function addressFrom(url: string): string {
  if (/^[a-z]+:\/\/[^/?#]*[/?#].*@/is.test(url)) {
    // A password with a raw "/", "?" or "#" ends the host's part early: a piece of it would be taken
    // for the host, and shown.
    throw invalid(
      `its URL has an unencoded @ behind the host, or a user or password with an unencoded / ? or #. Write these as encodeURIComponent() does: %40 %2F %3F %23. It looks like ${example}`,
    );
  }
  const parsed = parse(url);
  const { protocol, hostname, port, pathname } = parsed;
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') {
    throw invalid(`its URL begins with postgres:// or postgresql://, not with ${protocol}//`);
  }
  if (hostname === '') throw invalid(`its URL names no host. It looks like ${example}`);
  const database = decoded(pathname.slice(1));
  if (database === '' || database.includes('/')) {
    throw invalid(`its URL names no database. It looks like ${example}`);
  }
  for (const part of [parsed.username, parsed.password]) decoded(part);
  checkParameters(parsed.searchParams);
  return `${hostname}:${port === '' ? DEFAULT_PORT : port}/${database}`;
}

/** Of libpq and of `pg`: some of them the driver passes over, and no store depends on those. */
const parameters = [
  ...['sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'sslcrl', 'sslnegotiation', 'ssl'],
  ...['uselibpqcompat', 'channel_binding', 'gssencmode', 'connect_timeout', 'target_session_attrs'],
  ...['application_name', 'fallback_application_name', 'client_encoding', 'options'],
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'query_timeout'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count'],
];
const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** A driver that passes over a misspelt `sslmode` connects in clear text. */
function checkParameters(given: URLSearchParams): void {
  for (const name of given.keys()) {
    if (parameters.includes(name)) continue;
    const schema = name === 'schema' ? ' The schema is an option of the store.' : '';
    // Only a word is repeated: anything else may be a piece of a password.
    const shown = /^[a-z_]{1,40}$/i.test(name) ? ` "${name}"` : '';
    throw invalid(
      `its URL has an unknown parameter${shown}. Known: ${parameters.join(', ')}.${schema}`,
    );
  }
  const mode = given.get('sslmode');
  if (mode !== null && !sslModes.includes(mode)) {
    throw invalid(`the sslmode of its URL is one of ${sslModes.join(', ')}`);
  }
}

/** Where a pool of the host leads, as far as its options say. */
export function addressOf(pool: PgPool): string {
  const { options } = pool as { options?: Record<string, unknown> };
  const { host, port, database, connectionString } = options ?? {};
  if (typeof connectionString === 'string') {
    try {
      return addressFrom(connectionString);
    } catch {
      return 'a pool of the host';
    }
  }
  if (typeof host !== 'string') return 'a pool of the host';
  return `${host}:${port ?? DEFAULT_PORT}/${typeof database === 'string' ? database : ''}`;
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw invalid(
      `its URL cannot be read. It looks like ${example}; special characters of user and password are written as encodeURIComponent() does. For sockets and several hosts pass a pool`,
    );
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('its URL has a % that is not the beginning of an escape. Write it as %25');
  }
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', `postgresStore: ${message}.`);
}
