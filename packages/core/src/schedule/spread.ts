import type { EpochMs } from '../clock/clock.js';
import type { Parameters } from '../parameters/parameters.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { validityOfRecord } from '../renewal/renewal-policy.js';
import { type AccountRecord, msUntil } from '../store/account-record.js';
import type { StoreTime } from '../store/token-store.js';
import { advisoryMs } from '../token/validity.js';

/** Where an account stands among those of its provider. */
export interface Place {
  readonly index: number;
  readonly count: number;
}

/** By id: the same in every process that has the same accounts. */
export function placesOf(accounts: readonly KnownAccount[]): ReadonlyMap<string, Place> {
  const byProvider = new Map<string, string[]>();
  for (const { id, provider } of accounts) {
    const ids = byProvider.get(provider.id) ?? [];
    ids.push(id);
    byProvider.set(provider.id, ids);
  }
  const places = [...byProvider.values()].flatMap((ids) =>
    ids.sort().map((id, index) => [id, { index, count: ids.length }] as const),
  );
  return new Map(places);
}

/** Those of providers that have more than `most` among them. */
export function crowded(
  accounts: readonly KnownAccount[],
  most: number,
): ReadonlySet<KnownAccount> {
  const counts = new Map<string, number>();
  for (const { provider } of accounts) counts.set(provider.id, (counts.get(provider.id) ?? 0) + 1);
  return new Set(accounts.filter(({ provider }) => (counts.get(provider.id) ?? 0) > most));
}

/**
 * When an account gets its turn if many of its provider want one at once: one after the other, and
 * all of them in an advisory window, as a fleet renews. A token that lives is replaced in time.
 */
export function turnOf(
  id: string,
  { index, count }: Place,
  record: AccountRecord | undefined,
  time: StoreTime,
  p: Parameters,
): EpochMs {
  const { access, guard } = record ?? {};
  const validity = record === undefined ? undefined : validityOfRecord(id, record, p);
  const lifetimeMs = validity === undefined ? guard?.livedMs : access?.lifetimeMs;
  // How long tokens live is not known before the first of them.
  const windowMs = lifetimeMs === undefined ? p.advisoryMs / 2 : advisoryMs(lifetimeMs, p);
  const spreadMs = Math.min(windowMs, count * p.schedulePollMs);
  const leftMs =
    access === undefined || validity === undefined
      ? 0
      : msUntil(access.issuedAt, validity.mandatoryMs, time);
  return time.ms + (index / count) * (leftMs > 0 ? Math.min(leftMs, spreadMs) : spreadMs);
}
