import { type Keyring, sharedKeyring, type TokenStore } from '@tokenkeep/core';
import type { StoreSettings } from '@tokenkeep/servers';
import { postgresStore } from '@tokenkeep/store-postgres';
import { redisStore } from '@tokenkeep/store-redis';

/** Where a fleet is: a place on a server. */
export type Place = Exclude<StoreSettings, { kind: 'sqlite' }>;

export function openPlace(place: Place, maxConnections: number): TokenStore {
  if (place.kind === 'redis') return redisStore({ url: place.url, prefix: place.prefix });
  const { url, schema } = place;
  return postgresStore({ url, schema, maxConnections });
}

export function keyringOf(place: Place): Keyring {
  return sharedKeyring(place.keyFile);
}
