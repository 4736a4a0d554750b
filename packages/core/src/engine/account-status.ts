import type { KnownAccount } from '../provider/account-registry.js';
import { nextOf } from '../renewal/due-of.js';
import { lacksScope } from '../renewal/fresh-tokens.js';
import { validityOfRecord } from '../renewal/renewal-policy.js';
import type { RenewalServices } from '../renewal/renewal-services.js';
import { type AccountRecord, type Deadline, msUntil } from '../store/account-record.js';
import { loadRecord } from '../store/edit-record.js';
import { accountSummary } from './account-summary.js';
import type { AccountStatus } from './token-engine.js';

/** Read off the record, which is what every process goes by. */
export async function accountStatus(
  services: RenewalServices,
  account: KnownAccount,
): Promise<AccountStatus> {
  const { store, clock, parameters } = services;
  const { record, time } = await loadRecord(store, account.id);
  const summary = accountSummary(account);
  if (record === undefined)
    return { ...summary, state: 'new', generation: 0, failures: 0, refreshable: false };
  const wall = (ms: number) => Math.floor(clock.now() + ms - time.ms);
  const after = (from: Deadline, ms: number) => Math.floor(clock.now() + msUntil(from, ms, time));
  const validity = validityOfRecord(account.id, record, parameters);
  const { access, refresh, guard, reason } = record;
  const next = nextOf(services, account, record);
  const blocked = guard.notBefore !== undefined && guard.notBefore > time.ms;
  return {
    ...summary,
    state: record.sent === undefined ? record.state : inDoubt(record),
    generation: record.generation,
    failures: guard.failures,
    refreshable: refresh !== undefined && !refresh.dead,
    ...(access?.scope !== undefined && lacksScope(access.scope, account.config.scope)
      ? { grantedScope: access.scope }
      : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(access === undefined || validity === undefined
      ? {}
      : { accessEndsAt: after(access.issuedAt, validity.endsMs) }),
    ...(refresh?.lifetimeMs === undefined
      ? {}
      : { refreshEndsAt: wall(refresh.issuedAt.ms + refresh.lifetimeMs) }),
    ...(next === undefined ? {} : { next: { action: next.action, at: wall(next.at) } }),
    ...(blocked
      ? {
          blocked: {
            reason: guard.notBeforeReason ?? 'backoff',
            until: wall(guard.notBefore ?? 0),
          },
        }
      : {}),
    ...(await loginBudget(services, account)),
  };
}

function inDoubt({ state }: AccountRecord): AccountStatus['state'] {
  return state === 'live' ? 'in_doubt' : state;
}

async function loginBudget(services: RenewalServices, account: KnownAccount) {
  if (account.config.credentials === undefined) return {};
  try {
    const credentials = await services.credentials.resolve(account);
    const [level] = await services.budgets.levels(account, credentials.value);
    return level === undefined ? {} : { loginBudget: { left: level.left, limit: level.limit } };
  } catch {
    // Status must be readable exactly when credentials are not.
    return {};
  }
}
