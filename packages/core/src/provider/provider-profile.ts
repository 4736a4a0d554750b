import type { LifetimeBounds } from '../token/lifetime.js';

/**
 * Facts about the authorization server, read by the engine and by the conformance suite. State
 * the strictest reading where the vendor is silent, and let an option change it.
 */
export interface ProviderProfile {
  /** Origins (`https://api.example.com`) its access tokens may be sent to. */
  readonly apiOrigins: readonly string[];
  /** `ahead`: before the deadline. `on-demand`: only when ended or refused, never just in case. */
  readonly renewal: 'ahead' | 'on-demand';
  readonly refreshToken: 'none' | 'reusable' | SingleUse;
  /** What to do when a single-use refresh token was sent and no reply was read. */
  readonly inDoubt: 'never-resend' | 'resend-once';
  /** HTTP statuses that prove the server did not act on the request. Redirects always do. */
  readonly notProcessed: readonly number[];
  /** Whether the old access token dies when a refresh succeeds. */
  readonly refreshRevokesAccessToken: boolean;
  /** What revoking one token ends: that token, or everything of the grant (RFC 7009 section 2.1). */
  readonly revocationScope: 'token' | 'grant';
  readonly lifetime: LifetimeBounds;
  /** A person's password is at stake: without a stated budget, logins are capped at 24 a day. */
  readonly passwordLogin: boolean;
  readonly budgets: readonly Budget[];
  /** How fast the vendor lets a client ask, if it says so. The engine's option `pace` is stronger. */
  readonly pace?: Pace;
}

/** RFC 9700 section 4.14.2: a rotated refresh token works once. */
export interface SingleUse {
  readonly singleUse: true;
  /** How long the server answers a resend of a used token with the same new pair; 0 = not. */
  readonly reuseGraceMs: number;
}

/** A quota of the vendor over a rolling window, shared by every process through the store. */
export interface Budget {
  readonly operation: 'obtain' | 'refresh';
  /** Most requests in any rolling window, by the vendor's rule. At most 1,000. */
  readonly limit: number;
  /** Of these, how many the engine never spends: they are for people. */
  readonly reserve?: number;
  readonly windowMs: number;
  /** How many may go at once, after which one more is allowed every `refillMs`. */
  readonly burst: number;
  readonly refillMs: number;
  /** What the vendor counts by, e.g. e-mail and app id. Accounts with one key share one budget. */
  key(credentials: unknown): string;
}

/**
 * How fast all processes that share a store ask for tokens, together. Where a budget is a quota that
 * is used up, a pace is a queue: requests wait for their turn.
 */
export interface Pace {
  /** Token requests a second, one after the other; 0.2 is one in five seconds. */
  readonly perSecond?: number;
  /** How many may go at once after a pause. Default 1. */
  readonly burst?: number;
  /** Token requests on their way at once. At most 256. */
  readonly concurrent?: number;
  /**
   * Who shares it. Default: the accounts of this provider. Providers that ask the same host name that
   * host here.
   */
  readonly of?: string;
}

/** The profile's answer to "may this refresh token be sent twice?". */
export function singleUse(profile: ProviderProfile): SingleUse | undefined {
  return typeof profile.refreshToken === 'object' ? profile.refreshToken : undefined;
}
