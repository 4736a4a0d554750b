import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { keyringFromFile, systemRandom } from '@tokenkeep/core';

import { type PostgresServer, postgresMissing, startPostgres } from './postgres-server.js';
import { type RedisServer, redisMissing, startRedis } from './redis-server.js';
import type { StoreSettings } from './store-settings.js';

/** What keeps the tokens of a test: a file, or a private server. */
export interface StoreServer {
  /** Of the server, with its password; of a file, none. */
  readonly url: string;
  /** A new, empty place; what belongs to the machine and not to the server is in `folder`. */
  newPlace(folder: string): StoreSettings;
  /** Ends the server as a crash does, and starts it again; a file has none. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface StoreKind {
  readonly name: 'SQLite' | 'PostgreSQL' | 'Redis';
  start(): Promise<StoreServer>;
  /** What to install where it cannot be started. */
  readonly missing: string | undefined;
}

export const storeKinds: readonly StoreKind[] = [
  {
    name: 'SQLite',
    missing: undefined,
    start: async () => ({
      url: '',
      newPlace: (folder) => ({ kind: 'sqlite', path: join(folder, 'store', 'tokens.db') }),
      restart: async () => {},
      stop: async () => {},
    }),
  },
  {
    name: 'PostgreSQL',
    missing: postgresMissing,
    start: async () => onPostgres(await startPostgres()),
  },
  { name: 'Redis', missing: redisMissing, start: async () => onRedis(await startRedis()) },
];

/** Places on a PostgreSQL that runs: a schema for each. */
export function onPostgres(server: PostgresServer): StoreServer {
  let made = 0;
  return {
    url: server.url,
    newPlace(folder) {
      made += 1;
      return { kind: 'postgres', url: server.url, schema: `place_${made}`, ...local(folder) };
    },
    restart: () => server.restart('immediate'),
    stop: () => server.stop(),
  };
}

/** Places on a Redis that runs: a prefix for each. */
export function onRedis(server: RedisServer): StoreServer {
  let made = 0;
  return {
    url: server.url,
    newPlace(folder) {
      made += 1;
      return { kind: 'redis', url: server.url, prefix: `place-${made}`, ...local(folder) };
    },
    async restart() {
      await server.kill();
      await server.restart();
    },
    stop: () => server.stop(),
  };
}

function local(folder: string) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keyFile = join(folder, 'tokenkeep.keys');
  keyringFromFile(keyFile, systemRandom());
  return { keyFile, escrowFolder: join(folder, 'escrow') };
}
