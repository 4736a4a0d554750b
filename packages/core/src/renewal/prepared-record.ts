import { noteLived } from '../guard/guard.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { type AccountRecord, msUntil } from '../store/account-record.js';
import type { StoreTime } from '../store/token-store.js';
import { validityOfRecord } from './renewal-policy.js';
import type { RenewalServices } from './renewal-services.js';
import { isAbout, type Trigger } from './trigger.js';

type Services = Pick<RenewalServices, 'unsent' | 'parameters'>;

/** The record with what this run knows about the token it is to replace. The same if nothing. */
export function preparedRecord(
  services: Services,
  account: KnownAccount,
  trigger: Trigger,
  record: AccountRecord,
  time: StoreTime,
): AccountRecord {
  return judged(services, account, trigger, withoutUnsent(services, record), time);
}

/** This process knows better than the record that an attempt of its own never left. */
function withoutUnsent({ unsent }: Services, record: AccountRecord): AccountRecord {
  const { sent, ...rest } = record;
  if (sent === undefined || !unsent.has(sent.attemptId)) return record;
  // An earlier send of the same token stays in doubt.
  return sent.sends <= 1 ? rest : { ...rest, sent: { ...sent, sends: sent.sends - 1 } };
}

/** Whether the token did its service, and whether an API has refused it. */
function judged(
  { parameters: p }: Services,
  account: KnownAccount,
  trigger: Trigger,
  record: AccountRecord,
  time: StoreTime,
): AccountRecord {
  const { access, generation, guard } = record;
  const validity = validityOfRecord(account.id, record, p);
  if (access === undefined || validity === undefined) return record;
  const age = -msUntil(access.issuedAt, 0, time);
  const ofAge = Math.min(access.lifetimeMs / 2, p.forcedGapMs);
  const forced = trigger.kind === 'refusal' && isAbout(trigger, record);
  // While it waits for its forced renewal a refused token grows old, but it does not live.
  const serves = !access.noProgress && !(forced && access.refused);
  const lived = serves && (age >= ofAge || access.issuedAt.epoch !== time.epoch);
  const next = lived ? noteLived(guard, generation, access.lifetimeMs) : guard;
  if (forced && !access.refused) {
    return { ...record, access: { ...access, refused: true }, guard: next };
  }
  return next === guard ? record : { ...record, guard: next };
}
