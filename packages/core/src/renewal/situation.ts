import type { KnownAccount } from '../provider/account-registry.js';
import type { AccountRecord } from '../store/account-record.js';
import type { StoreTime } from '../store/token-store.js';
import type { ResolvedCredentials } from './credentials-source.js';
import type { Situation } from './renewal-policy.js';
import type { RenewalServices } from './renewal-services.js';
import type { Trigger } from './trigger.js';

/** Gathers what the decision depends on. `credentials` only where the record has a latch. */
export function situationOf(
  services: RenewalServices,
  account: KnownAccount,
  trigger: Trigger,
  record: AccountRecord,
  time: StoreTime,
  credentials: ResolvedCredentials | undefined,
): Situation {
  const { config, provider, id } = account;
  const { upstreams, holder, store, parameters } = services;
  return {
    account: id,
    record,
    profile: provider.profile,
    time,
    parameters,
    trigger,
    keepAlive: config.keepAlive ?? false,
    canRefresh: provider.refresh !== undefined,
    canObtain: canObtain(services, account, record, credentials),
    upstreamMoved: record.upstream !== undefined && upstreams.hasMoved(record.upstream),
    senderGone: record.sent !== undefined && holder.isGone(record.sent.holder),
    sinceStoreReturnMs: store.sinceReturnMs(),
  };
}

/** Credentials the server rejected are not tried again until they change. */
function canObtain(
  { sealer }: RenewalServices,
  { config }: KnownAccount,
  { guard: { rejectedCredentials } }: AccountRecord,
  credentials: ResolvedCredentials | undefined,
): Situation['canObtain'] {
  if (config.credentials === undefined) return 'no_credentials';
  if (rejectedCredentials === undefined || credentials === undefined) return true;
  return sealer.matches(credentials.canonical, rejectedCredentials) ? 'credentials_rejected' : true;
}
