import type { EngineOptions } from '@tokenkeep/core';

type Setup = Required<Pick<EngineOptions, 'accounts' | 'providers'>>;

/** The same accounts, in an engine that could not log in. */
export function withoutCredentials({ accounts, providers }: Setup): Setup {
  return { providers, accounts: accounts.map(({ credentials: _, ...rest }) => rest) };
}
