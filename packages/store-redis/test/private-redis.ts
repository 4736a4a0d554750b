import { afterAll, describe } from '@jest/globals';
import { TokenError, type TokenStore } from '@tokenkeep/core';
import {
  type RedisServer,
  type RedisServerOptions,
  redisMissing,
  startRedis,
} from '@tokenkeep/servers';
import { type RedisStoreOptions, redisStore } from '@tokenkeep/store-redis';
import { Redis } from 'ioredis';

/** Skipped, by a name that says why, where there is no Redis. */
export function describeOnRedis(name: string, tests: () => void): void {
  if (redisMissing === undefined) describe(name, tests);
  else describe.skip(`${name} (${redisMissing})`, tests);
}

/** Servers, stores and clients that end with the file's tests. To be called in a `describe`. */
export function privateRedis() {
  const servers: RedisServer[] = [];
  const stores: TokenStore[] = [];
  const clients: Redis[] = [];
  afterAll(async () => {
    for (const store of stores) await store.close();
    for (const client of clients) client.disconnect();
    for (const server of servers) await server.stop();
  });
  const newStore = (options: RedisStoreOptions) => {
    const store = redisStore(options);
    stores.push(store);
    return store;
  };
  return {
    async start(config: RedisServerOptions['config'] = {}): Promise<RedisServer> {
      const server = await startRedis({ config });
      servers.push(server);
      return server;
    },
    newStore,
    async opened(options: RedisStoreOptions): Promise<TokenStore> {
      const store = newStore(options);
      await store.open();
      return store;
    },
    /** A plain client, to look into the server and to do it harm. */
    client(server: RedisServer): Redis {
      const client = new Redis(server.url);
      client.on('error', () => {});
      clients.push(client);
      return client;
    },
  };
}

export async function failure(work: Promise<unknown>): Promise<TokenError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!TokenError.is(error)) throw new Error(`This was to fail with a TokenError: ${error}`);
  return error;
}
