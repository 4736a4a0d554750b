import type { AccountSummary, TokenEngine, TokenProvider } from '@tokenkeep/core';
import type { LoadedConfig } from '../config/loaded-config.js';

/** The account of this id, or of this name. */
export function accountCalled(
  key: string,
  { accounts }: Pick<TokenEngine, 'accounts'>,
): AccountSummary | undefined {
  return accounts.list().find(({ id, name }) => id === key || name === key);
}

export function providerOf(
  { provider }: Pick<AccountSummary, 'provider'>,
  { providers }: Pick<LoadedConfig, 'providers'>,
): TokenProvider | undefined {
  return providers.find(({ id }) => id === provider);
}

/** As it stands in the config; `undefined` where it stands in the store. */
export function configuredAccount(
  { name }: Pick<AccountSummary, 'name'>,
  { accounts }: Pick<LoadedConfig, 'accounts'>,
): LoadedConfig['accounts'][number] | undefined {
  return accounts.find((each) => (each.name ?? each.account) === name);
}
