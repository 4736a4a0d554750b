import type { EpochMs } from '../clock/clock.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { AccountRecord } from '../store/account-record.js';
import { type NextAction, nextAction } from './next-due.js';
import type { RenewalServices } from './renewal-services.js';

type Services = Pick<RenewalServices, 'store' | 'parameters' | 'upstreams' | 'holder'>;

/** What happens next to an account whose record is this. */
export function nextOf(
  { store, parameters, upstreams, holder }: Services,
  { id, config, provider }: KnownAccount,
  record: AccountRecord,
): NextAction | undefined {
  const upstreamMoved = record.upstream !== undefined && upstreams.hasMoved(record.upstream);
  const { profile } = provider;
  const revocable = provider.revoke !== undefined;
  const senderGone = record.sent !== undefined && holder.isGone(record.sent.holder);
  const plan = { account: id, config, profile, revocable, parameters, upstreamMoved, senderGone };
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
