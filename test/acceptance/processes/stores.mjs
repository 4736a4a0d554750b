// The stores that tests of several processes share, made from settings that can be sent to a child.

import { sharedKeyring } from '@tokenkeep/core';
import { postgresStore } from '@tokenkeep/store-postgres';
import { redisStore } from '@tokenkeep/store-redis';
import { sqliteStore } from '@tokenkeep/store-sqlite';

/** @typedef {import('../../servers/store-settings.js').StoreSettings} StoreSettings */

/**
 * @param {StoreSettings} settings
 * @returns {import('@tokenkeep/core').TokenStore}
 */
export function storeOf(settings) {
  switch (settings.kind) {
    case 'sqlite': {
      const { path, bootId } = settings;
      return sqliteStore({ path, ...(bootId === undefined ? {} : { bootId }) });
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

/**
 * What an engine over it is given besides: a server has no place for a key file.
 *
 * @param {StoreSettings} settings
 * @returns {{ keyring?: import('@tokenkeep/core').Keyring }}
 */
export function keysOf(settings) {
  return settings.kind === 'sqlite' ? {} : { keyring: sharedKeyring(settings.keyFile) };
}
