import type { EpochMs } from '../clock/clock.js';
import type { Secret } from './secret.js';

/**
 * A live access token as callers get it: frozen, and the same object until the next generation.
 * Use `headers()`; `reveal()` is for the rare API that wants the raw string elsewhere.
 */
export interface AccessToken {
  /** Canonical name of the account, e.g. `chatapp/crm`. */
  readonly account: string;
  /** Counts the token sets of this account. Hand it to `reject()` when the API refuses. */
  readonly generation: number;
  readonly tokenType: string;
  /** Local end of life, on this machine's wall clock as it stood when the token arrived. */
  readonly expiresAt: EpochMs;
  /** Space-separated scope granted, when the server stated it. */
  readonly scope: string | undefined;
  /** Facts the provider sent along, e.g. an instance URL. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Headers that carry the token the way this provider's API wants it. */
  headers(): Record<string, string>;
  /** The raw token. Never log it. */
  reveal(): string;
  /** The token as a value that does not print itself. */
  readonly secret: Secret;
}
