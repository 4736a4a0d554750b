import type { AccountSummary } from '@tokenkeep/core';
import type { LoadedConfig } from '../config/loaded-config.js';

/** Where an account was configured: in the config file, or in the store by `accounts add`. */
export type AccountOrigin = 'config' | 'store';

export function originOf(
  { name }: Pick<AccountSummary, 'name'>,
  { accounts }: Pick<LoadedConfig, 'accounts'>,
): AccountOrigin {
  return accounts.some((each) => (each.name ?? each.account) === name) ? 'config' : 'store';
}
