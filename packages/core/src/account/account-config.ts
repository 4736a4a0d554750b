import type { Secret } from '../token/secret.js';
import type { AccountParts } from './account-key.js';

/** One account as a service configures it. */
export interface AccountConfig<Credentials = unknown> extends AccountParts {
  /** What `getToken('crm')` asks for. Unique per engine; defaults to `account`. */
  readonly name?: string;
  /**
   * How to log in: a value, or a function asked each time (secret managers). Any member may be
   * `accountToken(other)`: then another account's access token takes its place (a chain).
   * Without credentials the account lives on its refresh token alone.
   */
  readonly credentials?: Credentials | (() => Credentials | Promise<Credentials>);
  /** Refresh at half of the refresh token's life even when nobody asks for a token. */
  readonly keepAlive?: boolean;
  /** Get the first token at `start()`; by default only where the provider renews ahead. */
  readonly eager?: boolean;
  /** Replace the token for security this often, revoking the old one. Milliseconds. */
  readonly rotateEveryMs?: number;
}

const brand = Symbol.for('tokenkeep.account-token');

/** Stands for the live access token of another account inside credentials. */
export interface AccountTokenReference {
  readonly [brand]: true;
  /** Name of the other account in the same engine. */
  readonly account: string;
}

/** `credentials: { bearer: accountToken('identity') }`: this account logs in with that token. */
export function accountToken(account: string): AccountTokenReference & Secret {
  // Typed as a Secret, because that is what the provider sees in its place.
  return { [brand]: true, account } as unknown as AccountTokenReference & Secret;
}

export function isAccountToken(value: unknown): value is AccountTokenReference {
  return typeof value === 'object' && value !== null && brand in value;
}
