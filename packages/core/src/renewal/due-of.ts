import type { EpochMs } from '../clock/clock.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { AccountRecord } from '../store/account-record.js';
import { type NextAction, nextAction } from './next-due.js';
import type { RenewalServices } from './renewal-services.js';

type Services = Pick<RenewalServices, 'store' | 'parameters' | 'upstreams'>;

/** What happens next to an account whose record is this. */
export function nextOf(
  { store, parameters, upstreams }: Services,
  { id, config, provider }: KnownAccount,
  record: AccountRecord,
): NextAction | undefined {
  const upstreamMoved = record.upstream !== undefined && upstreams.hasMoved(record.upstream);
  const { profile } = provider;
  const revocable = provider.revoke !== undefined;
  const plan = { account: id, config, profile, revocable, parameters, upstreamMoved };
  return nextAction(plan, record, store.estimate());
}

/** The schedule column that belongs to a record. */
export function dueOf(
  services: Services,
  account: KnownAccount,
  record: AccountRecord,
): EpochMs | undefined {
  return nextOf(services, account, record)?.at;
}
