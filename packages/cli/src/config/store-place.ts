import { dirname, join, resolve } from 'node:path';
import type { TokenStore } from '@tokenkeep/core';
import type { RedisStoreOptions } from '@tokenkeep/store-redis';
import { defaultStorePath } from './default-store.js';

/** Where a config keeps its tokens. Making it opens nothing. */
export interface StorePlace {
  readonly kind: 'sqlite' | 'postgres' | 'redis';
  /** For people: a path, or an address without credentials. */
  readonly shown: string;
  /** The SQLite file, absolute. */
  readonly file?: string;
  /** The keys that seal what is stored, absolute. The same on every machine. */
  readonly keyFile: string;
  /** Drivers are loaded when they are needed: a command over SQLite starts without them. */
  newStore(): Promise<TokenStore>;
}

export interface StoreMembers {
  readonly store?: string | undefined;
  /** `tokenkeep` if nothing is given. */
  readonly namespace?: string | undefined;
  readonly keys?: string | undefined;
  readonly escrow?: string | undefined;
  readonly whenNotDurable?: 'refuse' | 'warn';
  readonly redis?: Pick<RedisStoreOptions, 'waitForReplicas' | 'fsync'> | undefined;
}

const SCHEMES = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'redis:': 'redis',
  'rediss:': 'redis',
} as const;

/** Beside the config, as it is to be brought to every machine with it. */
const KEYS = 'tokenkeep.keys';

const SCHEME = /^([a-z][a-z0-9+.-]*:)\/\//i;

/** Whether a text names a server, and which kind. */
function serverKind(store: string | undefined): 'postgres' | 'redis' | undefined {
  const [, scheme = ''] = SCHEME.exec(store ?? '') ?? [];
  return SCHEMES[scheme.toLowerCase() as keyof typeof SCHEMES];
}

/** A path, or a server of a kind there is: a scheme that is misspelt is no name of a file. */
export function isStore(store: string): boolean {
  return !SCHEME.test(store) || serverKind(store) !== undefined;
}

/** Whether it is one, or a reference to what is not set here: nobody can tell of that. */
export function mayBeRedis(store: string | undefined): boolean {
  return serverKind(store) === 'redis' || store?.includes('${') === true;
}

/** @param configPath absolute: paths are relative to it */
export function storePlace(configPath: string, members: StoreMembers): StorePlace {
  const folder = dirname(configPath);
  const { store, keys, escrow, namespace = 'tokenkeep', whenNotDurable = 'refuse' } = members;
  const kind = serverKind(store);
  if (store === undefined || kind === undefined) {
    const file = store === undefined ? defaultStorePath(configPath) : resolve(folder, store);
    return {
      kind: 'sqlite',
      shown: file,
      file,
      keyFile: `${file}.key`,
      async newStore() {
        const { sqliteStore } = await import('@tokenkeep/store-sqlite');
        return sqliteStore({ path: file });
      },
    };
  }
  const escrowFolder =
    escrow === undefined
      ? join(dirname(defaultStorePath(configPath)), 'escrow')
      : resolve(folder, escrow);
  const common = { url: store, escrowFolder, whenNotDurable };
  return {
    kind,
    shown: shownUrl(store),
    keyFile: resolve(folder, keys ?? KEYS),
    async newStore() {
      if (kind === 'postgres') {
        const { postgresStore } = await import('@tokenkeep/store-postgres');
        return postgresStore({ ...common, schema: namespace });
      }
      const { redisStore } = await import('@tokenkeep/store-redis');
      return redisStore({ ...members.redis, ...common, prefix: namespace });
    },
  };
}

/** Without user, password and options. */
function shownUrl(store: string): string {
  try {
    const { protocol, host, pathname } = new URL(store);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return store.replace(/:\/\/.*$/s, '://...');
  }
}
