import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { type AccountRecord, msUntil } from '../store/account-record.js';
import { type Judgement, judgeIssuedTokens } from '../token/judge-issued-tokens.js';
import type { IssuedTokens } from '../token/token-set.js';
import { validityOfRecord } from './renewal-policy.js';
import type { RenewalServices } from './renewal-services.js';

/**
 * What a reply is good for, given the token at hand: one that arrives dead must not take away one
 * that still serves. Its refresh token is kept either way.
 */
export function judgeReply(
  services: Pick<RenewalServices, 'parameters' | 'store'>,
  account: KnownAccount,
  before: AccountRecord,
  issued: IssuedTokens,
  upstreamLeftMs: number,
): Judgement {
  const { parameters } = services;
  const { lifetime, refreshRevokesAccessToken } = account.provider.profile;
  const judged = withinUpstream(
    judgeIssuedTokens(issued, lifetime, parameters.shortestLifetimeMs),
    upstreamLeftMs,
  );
  if (!judged.usable || judged.tokens.lifetime.ms > 0) return judged;
  const { refresh } = judged.tokens;
  if (refresh === undefined || refreshRevokesAccessToken) return judged;
  const validity = validityOfRecord(account.id, before, parameters);
  if (validity === undefined || before.access === undefined) return judged;
  const leftMs = msUntil(before.access.issuedAt, validity.endsMs, services.store.estimate());
  return leftMs > 0 ? { usable: false, error: expiredOnArrival(account), refresh } : judged;
}

/** A token that is the upstream account's own ends with it, whatever the look at it says. */
function withinUpstream(judged: Judgement, leftMs: number): Judgement {
  if (!judged.usable || !judged.tokens.sharesUpstreamToken) return judged;
  const { lifetime } = judged.tokens;
  const ms = Math.floor(Math.max(0, Math.min(lifetime.ms, leftMs)));
  return { usable: true, tokens: { ...judged.tokens, lifetime: { ...lifetime, ms } } };
}

/** Said to callers whose account has no other token. */
export function expiredOnArrival({ id }: Pick<KnownAccount, 'id'>): TokenError {
  return new TokenError(
    'TOKEN_EXPIRED_ON_ARRIVAL',
    `The server gave ${id} a token that had already ended. It is asked again after a pause.`,
    { retryable: true, account: id, reason: 'expired_on_arrival' },
  );
}
