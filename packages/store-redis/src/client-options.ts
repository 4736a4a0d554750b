import type { Random } from '@tokenkeep/core';
import { type Cluster, type CommonRedisOptions, Redis, type RedisOptions } from 'ioredis';
import { replyCode } from './driver-errors.js';
import type { RedisStoreOptions } from './options.js';
import { fromUrl } from './server-url.js';

/** A server that comes back is found within this time. */
const LONGEST_PAUSE_MS = 500;

/** Sockets that do not end are cut after this time. */
const DISCONNECT_TIMEOUT_MS = 500;

/**
 * The driver keeps commands and sends them again by itself unless it is told not to. A write that
 * was sent and not answered would then be made twice, and reported once.
 */
function neverTwice(timeoutMs: number, random: Pick<Random, 'float'>) {
  const pause = (times: number) =>
    Math.min(50 * 2 ** Math.min(times - 1, 10), LONGEST_PAUSE_MS) * (0.5 + random.float() / 2);
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: pause,
    // A master that became a replica: its name or address leads to the new one by now. 1, not 2:
    // the driver connects again, and does not send again.
    reconnectOnError: (error: Error) => (replyCode(error) === 'READONLY' ? 1 : false),
    enableReadyCheck: true,
    autoResubscribe: false,
    connectTimeout: timeoutMs,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    commandTimeout: undefined,
    socketTimeout: undefined,
    keyPrefix: '',
    readOnly: false,
    monitor: false,
    enableAutoPipelining: false,
    stringNumbers: false,
    replyMapping: 'legacy',
    showFriendlyErrorStack: false,
    disableClientInfo: true,
    scripts: undefined,
  } satisfies CommonRedisOptions & { disconnectTimeout: number };
}

/** Makes a connection that is not yet open. One made by the host is only ever copied. */
export function newClient(
  { url, client }: RedisStoreOptions,
  timeoutMs: number,
  random: Pick<Random, 'float'>,
): Redis | Cluster {
  const ours = neverTwice(timeoutMs, random);
  if (client === undefined) return new Redis({ ...fromUrl(url), ...ours });
  if (!isCluster(client)) return client.duplicate(ours);
  return client.duplicate([], {
    redisOptions: { ...client.options.redisOptions, ...ours },
    keyPrefix: '',
    lazyConnect: true,
    // Of a node that is connecting, and only for what was not sent.
    enableOfflineQueue: true,
    enableReadyCheck: true,
    clusterRetryStrategy: ours.retryStrategy,
    clusterNodeRetryStrategy: null,
    // 0: a command whose connection was lost is not sent again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    scaleReads: 'master',
    shardedSubscribers: false,
    enableAutoPipelining: false,
    scripts: undefined,
  });
}

/** For an operator: addresses without credentials. */
export function addressOf({ url, client }: RedisStoreOptions): string {
  if (client === undefined) return addressIn(fromUrl(url));
  if (!isCluster(client)) return addressIn(client.options ?? {});
  const { startupNodes } = client as unknown as { startupNodes?: readonly unknown[] };
  return `cluster of ${(startupNodes ?? []).map(startupAddress).join(', ')}`;
}

function addressIn(options: RedisOptions): string {
  const { host = 'localhost', port = 6379, path, db = 0, sentinels, name } = options;
  if (sentinels) {
    const known = sentinels.map((sentinel) => `${sentinel.host}:${sentinel.port}`).join(', ');
    return `${name} of sentinels ${known}, database ${db}`;
  }
  if (path) return `${path}/${db}`;
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${db}`;
}

function startupAddress(node: unknown): string {
  if (typeof node === 'number') return `localhost:${node}`;
  if (typeof node !== 'string') {
    const { host = 'localhost', port = 6379 } = node as { host?: string; port?: number };
    return `${host}:${port}`;
  }
  // A URL may hold a password.
  const text = node.includes('://') ? node : `redis://${node}`;
  return URL.canParse(text) ? new URL(text).host : 'a node';
}

export function isCluster(client: Redis | Cluster): client is Cluster {
  return (client as { isCluster?: unknown }).isCluster === true;
}
