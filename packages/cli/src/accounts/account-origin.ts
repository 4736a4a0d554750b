import type { AccountSummary } from '@tokenkeep/core';
import type { LoadedConfig } from '../config/loaded-config.js';
import { configuredAccount, providerOf } from './configured-account.js';

/** Where an account was configured: in the config file, or in the store by `accounts add`. */
export type AccountOrigin = 'config' | 'store';

/** Whether a person can log in to the account at this terminal. */
export function logsPeopleIn(
  account: Pick<AccountSummary, 'provider'>,
  config: Pick<LoadedConfig, 'providers'>,
): boolean {
  return providerOf(account, config)?.login !== undefined;
}

export function originOf(
  account: Pick<AccountSummary, 'name'>,
  config: Pick<LoadedConfig, 'accounts'>,
): AccountOrigin {
  return configuredAccount(account, config) === undefined ? 'store' : 'config';
}
