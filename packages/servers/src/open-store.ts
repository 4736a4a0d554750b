import { type Keyring, sharedKeyring, type TokenStore } from '@tokenkeep/core';
import { postgresStore } from '@tokenkeep/store-postgres';
import { redisStore } from '@tokenkeep/store-redis';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import type { StoreSettings } from './store-settings.js';

/** The store that settings name, also in a process that was sent them. */
export function storeOf(settings: StoreSettings): TokenStore {
  switch (settings.kind) {
    case 'sqlite': {
      const { kind: _kind, ...options } = settings;
      return sqliteStore(options);
    }
    case 'postgres': {
      const { url, schema, escrowFolder } = settings;
      return postgresStore({ url, schema, escrowFolder });
    }
    case 'redis': {
      const { url, prefix, escrowFolder } = settings;
      return redisStore({ url, prefix, escrowFolder });
    }
  }
}

/** What an engine over it is given besides: a server has no place for a key file. */
export function keysOf(settings: StoreSettings): { readonly keyring?: Keyring } {
  return settings.kind === 'sqlite' ? {} : { keyring: sharedKeyring(settings.keyFile) };
}
