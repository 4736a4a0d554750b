import { TokenError } from '../errors/token-error.js';
import { judgeLifetime, type LifetimeBounds, LONGEST_LIFETIME_MS } from './lifetime.js';
import { parseToken } from './token-grammar.js';
import type { IssuedTokens, RefreshGrant, TokenSet } from './token-set.js';

/** A judged reply, or the part of it that may be kept and what was wrong with the rest. */
export type Judgement =
  | { readonly usable: true; readonly tokens: TokenSet }
  | { readonly usable: false; readonly refresh?: RefreshGrant; readonly error: TokenError };

/**
 * Checks everything a reply carries. A reply whose access token is unusable may still carry a
 * rotated refresh token: losing that would lose the account, so it is returned for keeping.
 */
export function judgeIssuedTokens(
  issued: IssuedTokens,
  bounds: LifetimeBounds,
  shortestMs: number,
): Judgement {
  let refresh: RefreshGrant | undefined;
  if (typeof issued !== 'object' || issued === null) return { usable: false, error: nothing() };
  try {
    refresh = refreshGrant(issued);
    return {
      usable: true,
      tokens: {
        accessToken: parseToken('access token', issued.accessToken),
        tokenType: tokenType(issued.tokenType),
        lifetime: judgeLifetime(issued.lifetimeMs, bounds, shortestMs),
        ...(refresh === undefined ? {} : { refresh }),
        ...(typeof issued.scope === 'string' ? { scope: issued.scope } : {}),
        metadata: issued.metadata ?? {},
        sharesUpstreamToken: issued.sharesUpstreamToken ?? false,
      },
    };
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    return { usable: false, error, ...(refresh === undefined ? {} : { refresh }) };
  }
}

function nothing(): TokenError {
  return new TokenError(
    'PROVIDER_PROTOCOL',
    'The provider returned no tokens. That is a bug in it: it returns { accessToken, ... }.',
    { reason: 'provider_threw' },
  );
}

function refreshGrant(issued: IssuedTokens): RefreshGrant | undefined {
  if (issued.refreshToken === undefined || issued.refreshToken === null) return undefined;
  const token = parseToken('refresh token', issued.refreshToken);
  const stated = issued.refreshLifetimeMs;
  if (stated === undefined || !Number.isFinite(stated) || stated <= 0) return { token };
  return { token, lifetimeMs: Math.min(Math.floor(stated), LONGEST_LIFETIME_MS) };
}

function tokenType(value: unknown): string {
  return typeof value === 'string' && /^[A-Za-z0-9._~+/-]{1,64}$/.test(value) ? value : 'Bearer';
}
