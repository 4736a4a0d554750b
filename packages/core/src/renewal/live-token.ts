import type { Clock } from '../clock/clock.js';
import type { ElapsedTime } from '../clock/elapsed-time.js';
import { TokenError } from '../errors/token-error.js';
import type { Parameters } from '../parameters/parameters.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { type AccountRecord, msUntil, type UpstreamToken } from '../store/account-record.js';
import type { FoundRecord } from '../store/edit-record.js';
import type { SealedAccess } from '../store/sealed-tokens.js';
import type { AccessToken } from '../token/access-token.js';
import { Secret } from '../token/secret.js';
import { providerError } from './provider-error.js';
import { renewsAhead, validityOfRecord } from './renewal-policy.js';

/** When a token serves, on this process's line of elapsed time. */
interface Moments {
  /** As early as it can have been meant: counted from before the look at it began. */
  readonly endsAt: number;
  /** As late as it can have been meant: counted from when the look was over. */
  readonly endsBy: number;
  /** From here callers wait for the successor. */
  readonly mandatoryAt: number;
  /** From here the successor is fetched behind the callers' backs. */
  readonly advisoryAt: number;
}

/** A token as this process may hand it out. */
export interface LiveToken extends Moments {
  readonly token: AccessToken;
  /** The other account's token this one was made from. */
  readonly upstream?: UpstreamToken;
  /** It is that very token. */
  readonly sharesUpstream: boolean;
}

/** When this process asked for the token itself, or when it began to look at the record. */
export type Seen = { readonly issuedAt: number } | { readonly readAt: number };

interface Services {
  readonly clock: Clock;
  readonly elapsed: ElapsedTime;
  readonly parameters: Parameters;
}

/**
 * The record's access token with deadlines counted from `issuedAt` on this process's own line of
 * time; where another process got it, from its age on the store's clock.
 */
export function liveToken(
  services: Services,
  account: KnownAccount,
  found: FoundRecord,
  access: SealedAccess,
  seen: Seen,
): LiveToken | undefined {
  const { clock, elapsed } = services;
  const { record } = found;
  const moments = momentsOf(services, account, found, seen);
  if (record?.access === undefined || moments === undefined) return undefined;
  // Rounded down: a whole number of milliseconds, and never later than the end.
  const expiresAt = Math.floor(clock.now() + moments.endsAt - elapsed.now());
  return {
    ...moments,
    token: accessToken(account, record, access, expiresAt),
    sharesUpstream: record.access.sharesUpstream ?? false,
    ...(record.upstream === undefined ? {} : { upstream: record.upstream }),
  };
}

/**
 * The same token, seen again. A look that was held up finds an end that is too early, by as long as
 * that took: the next one corrects it. Never beyond what the first allows: a store's clock that
 * jumped back prolongs nothing.
 */
export function seenAgain(
  services: Services,
  account: KnownAccount,
  live: LiveToken,
  found: FoundRecord,
  seen: Seen,
): LiveToken {
  const moments = momentsOf(services, account, found, seen);
  if (moments === undefined || moments.endsAt <= live.endsAt) return live;
  const beyondMs = Math.max(0, moments.endsAt - live.endsBy);
  return {
    ...live,
    endsAt: moments.endsAt - beyondMs,
    endsBy: live.endsBy,
    mandatoryAt: moments.mandatoryAt - beyondMs,
    advisoryAt: moments.advisoryAt - beyondMs,
  };
}

function momentsOf(
  { elapsed, parameters }: Services,
  account: KnownAccount,
  { record, time }: FoundRecord,
  seen: Seen,
): Moments | undefined {
  const validity =
    record === undefined ? undefined : validityOfRecord(account.id, record, parameters);
  if (record?.access === undefined || validity === undefined) return undefined;
  const age = -msUntil(record.access.issuedAt, 0, time);
  const rebooted = record.access.issuedAt.epoch !== time.epoch;
  const issuedAt = 'issuedAt' in seen ? seen.issuedAt : seen.readAt - age;
  const endsAt = rebooted ? Number.NEGATIVE_INFINITY : issuedAt + validity.endsMs;
  const ahead = renewsAhead(account.provider.profile, record);
  return {
    endsAt,
    endsBy: 'issuedAt' in seen ? endsAt : endsAt + elapsed.now() - seen.readAt,
    mandatoryAt: ahead ? Math.min(endsAt, issuedAt + validity.mandatoryMs) : endsAt,
    advisoryAt: ahead ? Math.min(endsAt, issuedAt + validity.advisoryMs) : endsAt,
  };
}

function accessToken(
  account: KnownAccount,
  { generation, access }: AccountRecord,
  { token, metadata }: SealedAccess,
  expiresAt: number,
): AccessToken {
  const made: AccessToken = {
    account: account.id,
    generation,
    tokenType: access?.tokenType ?? 'Bearer',
    expiresAt,
    scope: access?.scope,
    metadata: Object.freeze({ ...metadata }),
    secret: token,
    reveal: () => token.reveal(),
    headers: () => {
      const headers = new Headers();
      try {
        account.provider.authorize(headers, made);
      } catch (error) {
        throw providerError(account.provider.id, error, [token]);
      }
      const named = Object.fromEntries(headers);
      if (Object.keys(named).length === 0) throw unauthorized(account.provider.id);
      return named;
    },
  };
  // Written into a text it is a mistake: `headers()` or `reveal()` was meant.
  Object.defineProperty(made, 'toString', { value: () => Secret.mask });
  return Object.freeze(made);
}

function unauthorized(provider: string): TokenError {
  return new TokenError(
    'PROVIDER_PROTOCOL',
    `authorize() of provider "${provider}" put no header on the request. That is a bug in it: it ` +
      'sets headers on the Headers it is given, and returns nothing.',
    { reason: 'provider_threw', provider },
  );
}
