import { TokenError } from '@tokenkeep/core';
import type { Cluster, Redis } from 'ioredis';
import { checkUrl } from './server-url.js';

interface CommonOptions {
  /** Every key begins with `{prefix}:`; stores with different prefixes share a server. Default `tokenkeep`. */
  readonly prefix?: string;
  /**
   * A folder of this machine, for this user only, where new pairs wait, sealed, while the server is
   * away. Made when missing. Without one, a pair is lost if this process dies before it is back.
   */
  readonly escrowFolder?: string;
  /** Longest time for one call, the wait for a connection included. Default 5 s. */
  readonly timeoutMs?: number;
  /**
   * What the engine does where the server may lose what it has acknowledged: refuse to entrust
   * single-use refresh tokens to it, or warn. Default `refuse`.
   */
  readonly whenNotDurable?: 'refuse' | 'warn';
  /** So many replicas must have a write before it counts. Default 0. */
  readonly waitForReplicas?: number;
  /**
   * Who sees to it that a write is on the disk before it counts: the server's `appendfsync always`,
   * or `WAITAOF` after each write, for servers with `appendfsync everysec`. Default `server`.
   */
  readonly fsync?: 'server' | 'waitaof';
}

export type RedisStoreOptions = CommonOptions &
  (
    | {
        /** `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS. */
        readonly url: string;
        readonly client?: never;
      }
    | {
        /** Of ioredis. Connections of the store's own are made like it; it is never used or closed. */
        readonly client: Redis | Cluster;
        readonly url?: never;
      }
  );

const known: Record<keyof RedisStoreOptions, true> = {
  url: true,
  client: true,
  prefix: true,
  escrowFolder: true,
  timeoutMs: true,
  whenNotDurable: true,
  waitForReplicas: true,
  fsync: true,
};

/** What `setTimeout` can count. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** No braces, which would move the hash tag; no spaces, which ACL patterns cannot hold. */
const PREFIX = /^[\w.:/-]{1,100}$/;

/**
 * What a caller in plain JavaScript may have got wrong. No message repeats a URL: it may hold a
 * password.
 *
 * @throws TokenError `CONFIGURATION_INVALID`
 */
export function checkOptions(options: unknown): asserts options is RedisStoreOptions {
  if (typeof options === 'string') {
    throw invalid('redisStore wants its URL by name: redisStore({ url })');
  }
  if (typeof options !== 'object' || options === null) throw noServer();
  const given = options as Record<keyof RedisStoreOptions, unknown>;
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0) {
    throw invalid(
      `redisStore has no option "${unknown.join('", "')}". Its options are ${Object.keys(known).join(', ')}`,
    );
  }
  if ((given.url === undefined) === (given.client === undefined)) throw noServer();
  if (given.client === undefined) checkUrl(given.url);
  else checkClient(given.client);
  checkDetails(given);
}

function checkDetails(given: Record<keyof RedisStoreOptions, unknown>): void {
  const { prefix = 'tokenkeep', timeoutMs = 1, waitForReplicas = 0, escrowFolder } = given;
  if (escrowFolder !== undefined && (typeof escrowFolder !== 'string' || escrowFolder === '')) {
    throw invalid(`redisStore: escrowFolder is a path, got ${kindOf(escrowFolder)}`);
  }
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw invalid('redisStore: prefix is a text of letters, digits and . _ : / -, at most 100');
  }
  if (
    !Number.isFinite(timeoutMs) ||
    !(Number(timeoutMs) > 0 && Number(timeoutMs) <= LONGEST_TIMEOUT_MS)
  ) {
    throw invalid(
      `redisStore: timeoutMs is a number of milliseconds above 0, got ${kindOf(timeoutMs)}`,
    );
  }
  if (!Number.isInteger(waitForReplicas) || Number(waitForReplicas) < 0) {
    throw invalid(
      `redisStore: waitForReplicas is a number of replicas, 0 or more, got ${kindOf(waitForReplicas)}`,
    );
  }
  checkWord('whenNotDurable', given.whenNotDurable, ['refuse', 'warn']);
  checkWord('fsync', given.fsync, ['server', 'waitaof']);
}

function checkWord(name: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || words.includes(value as string)) return;
  throw invalid(`redisStore: ${name} is '${words.join("' or '")}', got ${kindOf(value)}`);
}

const clientMembers = ['duplicate', 'pipeline', 'disconnect', 'connect', 'on'];

function checkClient(client: unknown): void {
  const members = Object(client) as Record<string, unknown>;
  if (clientMembers.every((name) => typeof members[name] === 'function')) return;
  throw invalid(
    `redisStore: client is a Redis or a Cluster of ioredis, got ${kindOf(client)}. For a client of another library give a url instead`,
  );
}

function noServer(): TokenError {
  return invalid('redisStore wants a server: either { url } or { client }');
}

function kindOf(value: unknown): string {
  if (value === '') return 'an empty text';
  if (value === null || value === undefined || typeof value === 'number') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', `${message}.`);
}
