import type { AccessRecord, Deadline, RefreshRecord } from '../store/account-record.js';
import type { RecordPlace, SealedTokens } from '../store/sealed-tokens.js';
import type { RefreshGrant, TokenSet } from '../token/token-set.js';

/** An access token as the account's record keeps it. */
export function accessRecord(
  tokens: SealedTokens,
  place: RecordPlace,
  { accessToken, metadata, tokenType, lifetime, scope }: TokenSet,
  issuedAt: Deadline,
): AccessRecord {
  return {
    sealed: tokens.sealAccess(place, { token: accessToken, metadata }),
    tokenType,
    issuedAt,
    lifetimeMs: lifetime.ms,
    ...(scope === undefined ? {} : { scope }),
  };
}

/** A refresh token as the account's record keeps it. */
export function refreshRecord(
  tokens: SealedTokens,
  place: RecordPlace,
  { token, lifetimeMs }: RefreshGrant,
  issuedAt: Deadline,
): RefreshRecord {
  return {
    sealed: tokens.sealRefresh(place, token),
    issuedAt,
    ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
  };
}
