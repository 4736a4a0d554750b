import type { AccountSummary } from '@tokenkeep/core';
import type { LoadedConfig } from '../config/loaded-config.js';

/** Where an account was configured: in the config file, or in the store by `accounts add`. */
export type AccountOrigin = 'config' | 'store';

/** Whether a person can log in to the account at this terminal. */
export function logsPeopleIn(
  { provider }: Pick<AccountSummary, 'provider'>,
  { providers }: Pick<LoadedConfig, 'providers'>,
): boolean {
  return providers.find(({ id }) => id === provider)?.login !== undefined;
}

export function originOf(
  { name }: Pick<AccountSummary, 'name'>,
  { accounts }: Pick<LoadedConfig, 'accounts'>,
): AccountOrigin {
  return accounts.some((each) => (each.name ?? each.account) === name) ? 'config' : 'store';
}
