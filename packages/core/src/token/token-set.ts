import type { JudgedLifetime } from './lifetime.js';
import type { Secret } from './secret.js';

/**
 * What a provider read out of one reply, unjudged: the engine checks tokens and lifetimes in one
 * place, so that no plug-in has to. A reply without a refresh token keeps the old one.
 */
export interface IssuedTokens {
  /** The JSON value found, whatever it was. */
  readonly accessToken: unknown;
  /** RFC 6749 section 7.1; `Bearer` when absent. */
  readonly tokenType?: unknown;
  /** Milliseconds from now, see `lifetimeFrom` and `lifetimeUntil`; absent when not stated. */
  readonly lifetimeMs?: number | undefined;
  readonly refreshToken?: unknown;
  readonly refreshLifetimeMs?: number | undefined;
  /** Space-separated scope granted, RFC 6749 section 3.3. */
  readonly scope?: unknown;
  /** Facts a caller may need (a cabinet id, an instance URL). Sealed with the token. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The server handed back the bearer it was asked with: there is no token of its own. */
  readonly sharesUpstreamToken?: boolean;
}

/** One judged reply. */
export interface TokenSet {
  readonly accessToken: Secret;
  readonly tokenType: string;
  readonly lifetime: JudgedLifetime;
  readonly refresh?: RefreshGrant;
  readonly scope?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly sharesUpstreamToken: boolean;
}

export interface RefreshGrant {
  readonly token: Secret;
  /** Milliseconds; absent when the server states no end. */
  readonly lifetimeMs?: number;
}
