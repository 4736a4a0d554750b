import { TokenError } from '@tokenkeep/core';
import type { PgPool } from './pg-pool.js';
import { addressFrom } from './server-address.js';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:5432/database?sslmode=verify-full` */
  readonly url?: string;
  /** Instead of `url`: a `Pool` of `pg`, which the host configures and ends itself. */
  readonly pool?: PgPool;
  /** The schema that holds the tables; made when missing. Default `tokenkeep`. */
  readonly schema?: string;
  /**
   * A folder of this machine, for this user only, where new pairs wait, sealed, while the server is
   * away. Made when missing. Without one, a pair is lost if this process dies before it is back.
   */
  readonly escrowFolder?: string;
  /** How long a call may take in all. Default 5 s. */
  readonly timeoutMs?: number;
  /**
   * What the engine does with single-use refresh tokens if the server may forget a write that it
   * has confirmed. Default `refuse`.
   */
  readonly whenNotDurable?: 'refuse' | 'warn';
  /** Connections of the store's own pool, without the one that `watch` uses. Default 5. */
  readonly maxConnections?: number;
}

const known: Record<keyof PostgresStoreOptions, true> = {
  url: true,
  pool: true,
  schema: true,
  escrowFolder: true,
  timeoutMs: true,
  whenNotDurable: true,
  maxConnections: true,
};

/** A lower-case name of at most 48 bytes: the name of the channel is longer, and has 63. */
const SCHEMA_NAME = /^(?!pg_)[a-z_][a-z0-9_]{0,47}$/;

/** `setTimeout` takes no more. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * What a caller in plain JavaScript may have got wrong.
 *
 * @throws TokenError `CONFIGURATION_INVALID`
 */
export function checkOptions(options: unknown): asserts options is PostgresStoreOptions {
  if (typeof options === 'string') {
    throw invalid('postgresStore wants its URL by name: postgresStore({ url })');
  }
  if (typeof options !== 'object' || options === null) {
    throw invalid(`postgresStore({ url }) wants a URL, got ${kindOf(options)}`);
  }
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0) {
    throw invalid(
      `postgresStore has no option "${unknown.join('", "')}". Its options are ${Object.keys(known).join(', ')}`,
    );
  }
  const given = options as Record<keyof PostgresStoreOptions, unknown>;
  checkServer(given);
  const { schema, timeoutMs, whenNotDurable, escrowFolder } = given;
  if (escrowFolder !== undefined && (typeof escrowFolder !== 'string' || escrowFolder === '')) {
    throw invalid(`postgresStore: escrowFolder is a path, got ${kindOf(escrowFolder)}`);
  }
  if (schema !== undefined && !(typeof schema === 'string' && SCHEMA_NAME.test(schema))) {
    throw invalid(
      'postgresStore: schema is a name of up to 48 lower-case letters, digits and underscores that begins with a letter or an underscore, and not with pg_',
    );
  }
  if (timeoutMs !== undefined && !isBetween(timeoutMs, 1, LONGEST_TIMEOUT_MS)) {
    throw invalid(
      `postgresStore: timeoutMs is a number of milliseconds above 0, got ${kindOf(timeoutMs)}`,
    );
  }
  if (whenNotDurable !== undefined && whenNotDurable !== 'refuse' && whenNotDurable !== 'warn') {
    throw invalid("postgresStore: whenNotDurable is 'refuse' or 'warn'");
  }
}

function checkServer({ url, pool, maxConnections }: Record<string, unknown>): void {
  if ((url === undefined) === (pool === undefined)) {
    const both = url === undefined ? 'neither' : 'both';
    throw invalid(`postgresStore wants either a url or a pool, got ${both}`);
  }
  if (pool !== undefined) {
    if (!isPool(pool)) {
      throw invalid(`postgresStore: pool is a Pool of the package pg, got ${kindOf(pool)}`);
    }
    if (maxConnections !== undefined) {
      throw invalid('postgresStore: maxConnections goes with url; set max on the pool instead');
    }
    return;
  }
  if (typeof url !== 'string' || url === '') {
    throw invalid(`postgresStore({ url }) wants a URL, got ${kindOf(url)}`);
  }
  addressFrom(url);
  const isCount = Number.isInteger(maxConnections) && isBetween(maxConnections, 1, 1_000);
  if (maxConnections !== undefined && !isCount) {
    throw invalid(
      `postgresStore: maxConnections is a whole number above 0, got ${kindOf(maxConnections)}`,
    );
  }
}

/** Not `instanceof`: the host may have another copy of `pg`. */
function isPool(value: unknown): value is PgPool {
  if (typeof value !== 'object' || value === null) return false;
  const { connect, on, removeListener, release } = value as Record<string, unknown>;
  const isEmitter = typeof on === 'function' && typeof removeListener === 'function';
  // A client has connect() too: one connection that the host shares with the store is no pool.
  const isClient = typeof release === 'function' || 'connectionParameters' in value;
  return typeof connect === 'function' && isEmitter && !isClient;
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

function kindOf(value: unknown): string {
  if (value === '') return 'an empty text';
  if (value === null || value === undefined || typeof value === 'number') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', `${message}.`);
}
