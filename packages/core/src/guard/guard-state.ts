import type { EpochMs } from '../clock/clock.js';

/**
 * Why a request is not made now. `breaker` waits for a host, `provider_incident`, `login_pace` and
 * `pace` for a provider, the rest for this account.
 */
export type GuardReason =
  | 'backoff'
  | 'retry_after'
  | 'ambiguous_refusal'
  | 'unchanged_token'
  | 'gap'
  | 'hourly_cap'
  | 'forced_gap'
  | 'breaker'
  | 'provider_incident'
  | 'login_pace'
  | 'pace';

/**
 * What the guard remembers of one account. It lives in the account's record, so that a crash
 * loop cannot reset it. Times are milliseconds on the store's clock.
 */
export interface GuardState {
  /** Failures in a row; only a token that lived sets it back. */
  readonly failures: number;
  readonly notBefore?: EpochMs;
  readonly notBeforeReason?: GuardReason;
  readonly lastRequestAt?: EpochMs;
  /** The next request is a step down the ladder and waits for neither gap nor backoff. */
  readonly freeStep?: boolean;
  /** Requests per slot of the cap window, newest last. */
  readonly slots: readonly RequestSlot[];
  readonly forcedAt?: EpochMs;
  /** Generation whose forced renewal the server has processed. */
  readonly forcedGeneration?: number;
  /** Refusals in a row that named no reason. */
  readonly ambiguous: number;
  /** Generation that has already set `failures` back. */
  readonly livedGeneration?: number;
  /** Lifetime of the last token that lived. */
  readonly livedMs?: number;
  /** Fingerprint of credentials the server rejected. */
  readonly rejectedCredentials?: string;
  /** The last final no, as long as it may turn out to be the provider's incident. */
  readonly refused?: RefusedAccount;
}

export interface RefusedAccount {
  /** When the account was counted among those its provider refuses. */
  readonly at: EpochMs;
  /** What was believed to be dead by it: nothing while the no is not believed. */
  readonly believed: readonly ('refresh' | 'obtain')[];
}

export interface RequestSlot {
  readonly start: EpochMs;
  /** Requests that brought a usable token. */
  readonly usable: number;
  /** All others, those on their way included. */
  readonly other: number;
  /** Obtains after the account's own session ended. */
  readonly session: number;
}

export const freshGuard: GuardState = { failures: 0, slots: [], ambiguous: 0 };
