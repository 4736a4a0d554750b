import { defaultParameters } from '../src/parameters/parameters.js';
import type { ProviderProfile } from '../src/provider/provider-profile.js';
import type { Situation } from '../src/renewal/renewal-policy.js';
import { type AccountRecord, newRecord } from '../src/store/account-record.js';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** When everything in these tests was issued, on the store's clock. */
export const issuedAt = { epoch: 3, ms: 1_000_000_000_000 };

/** Like TeleTracker: renewed ahead, single use, never resent. */
export const strict: ProviderProfile = {
  apiOrigins: ['https://api.example.com'],
  renewal: 'ahead',
  refreshToken: { singleUse: true, reuseGraceMs: 0 },
  inDoubt: 'never-resend',
  notProcessed: [429, 503],
  refreshRevokesAccessToken: true,
  revocationScope: 'grant',
  lifetime: { defaultMs: HOUR, maxMs: DAY, zeroMeans: 'invalid' },
  passwordLogin: true,
  budgets: [],
};

/** Like ChatApp: renewed when somebody needs it, resent once. */
export const onDemand: ProviderProfile = {
  ...strict,
  renewal: 'on-demand',
  inDoubt: 'resend-once',
};

/** An account with a pair: an hour of access, 14 days to refresh. */
export function pair(more: Partial<AccountRecord> = {}): AccountRecord {
  return {
    ...newRecord('1.abc'),
    generation: 4,
    access: { sealed: 'x', tokenType: 'Bearer', issuedAt, lifetimeMs: HOUR },
    refresh: { sealed: 'y', issuedAt, lifetimeMs: 14 * DAY },
    ...more,
  };
}

export function sent(more: Partial<NonNullable<AccountRecord['sent']>> = {}) {
  return { attemptId: 'a', sentAt: issuedAt, sends: 1, holder: 'host.1.2.x', ...more };
}

/** A caller wants a token, this long after the pair was issued. */
export function situation(ageMs: number, more: Partial<Situation> = {}): Situation {
  return {
    account: 'crm-api/crm',
    record: pair(),
    profile: strict,
    time: { ...issuedAt, ms: issuedAt.ms + ageMs },
    parameters: defaultParameters,
    trigger: { kind: 'caller' },
    keepAlive: false,
    canRefresh: true,
    canObtain: true,
    upstreamMoved: false,
    senderGone: false,
    sinceStoreReturnMs: Number.POSITIVE_INFINITY,
    ...more,
  };
}
