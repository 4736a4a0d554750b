import type { SessionLease } from '../store/account-record.js';
import type { StoreTime } from '../store/token-store.js';
import type { RenewalServices } from './renewal-services.js';

type Services = Pick<RenewalServices, 'elapsed' | 'store' | 'parameters'>;

/**
 * The leases that count. One that ran out while nobody could renew it, because the machine slept
 * or the store was away, proves no death: its holder has one lease's time from then to come back.
 */
export function livingLeases(
  { elapsed, store, parameters }: Services,
  sessions: readonly SessionLease[],
  time: StoreTime,
): readonly SessionLease[] {
  const backForMs = Math.min(elapsed.sinceResumeMs(), store.sinceReturnMs());
  if (backForMs < parameters.sessionLeaseMs) return sessions;
  return sessions.filter(({ until }) => until > time.ms);
}
