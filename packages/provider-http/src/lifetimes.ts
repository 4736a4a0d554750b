import { type JsonValue, lifetimeFrom, type ProviderCall, type TokenReply } from '@tokenkeep/core';
import { DateTime } from 'luxon';
import type { Lifetime } from './declaration-schema.js';
import { valueAt } from './reply-values.js';

/** In milliseconds; `undefined` where it is not stated, or in another form. */
export function readLifetime(
  { at, as, serverTime }: Lifetime,
  json: JsonValue | undefined,
  reply: TokenReply,
  call: ProviderCall,
): number | undefined {
  const read = millisecondsOf(valueAt(json, at), as);
  if (!read || as === 'seconds' || as === 'milliseconds') return read;
  const now = serverTime && millisecondsOf(valueAt(json, serverTime.at), serverTime.as);
  return now === undefined ? call.lifetimeUntil(read, reply) : read - now;
}

function millisecondsOf(value: JsonValue | undefined, as: Lifetime['as']): number | undefined {
  if (as === 'datetime') return datetime(value);
  // Milliseconds since 1970 have more digits than `lifetimeFrom` takes.
  const isCount = typeof value === 'string' && /^\d{1,15}$/.test(value);
  return lifetimeFrom(isCount ? Number(value) : value, as.endsWith('milliseconds') ? 1 : 1_000);
}

// Without an offset luxon would read a time in the zone of this machine.
const DATETIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/;

function datetime(value: JsonValue | undefined): number | undefined {
  if (typeof value !== 'string' || !DATETIME.test(value)) return undefined;
  return DateTime.fromISO(value).toMillis();
}
