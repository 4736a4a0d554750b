import { type AccountSummary, TokenError } from '@tokenkeep/core';
import type { AccountOrigin } from './account-origin.js';

/** The account that an error is about, as a person knows it. */
export type AccountOfError = AccountSummary & {
  readonly origin: AccountOrigin;
  /** Its provider can log a person in. */
  readonly logsPeopleIn?: boolean;
};

/** Errors name accounts by their ids alone. What else is known of them is kept beside. */
const accounts = new WeakMap<object, AccountOfError>();

export function noteAccount(error: TokenError, account: AccountOfError): void {
  accounts.set(error, account);
}

export function accountOfError(error: unknown): AccountOfError | undefined {
  return TokenError.is(error) ? accounts.get(error) : undefined;
}
