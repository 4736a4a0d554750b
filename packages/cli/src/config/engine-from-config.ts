import { createTokenEngine, type EngineOptions, type TokenEngine } from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import type { LoadedConfig } from './loaded-config.js';

/** Ports that a service may bring: a logger, a keyring of its own. */
export type EnginePorts = Omit<
  EngineOptions,
  'store' | 'providers' | 'accounts' | 'parameters' | 'allowInsecureLoopback'
>;

/**
 * The engine of a config: over its SQLite file, whose folder is made for this user only. A service
 * and the command line that use one config share its tokens.
 *
 * @throws TokenError `CONFIGURATION_INVALID` or `STORE_*`, before anything is sent
 */
export async function engineFromConfig(
  config: LoadedConfig,
  ports: EnginePorts = {},
): Promise<TokenEngine> {
  const { store, providers, accounts, parameters, allowInsecureLoopback } = config;
  return createTokenEngine({
    ...ports,
    store: sqliteStore({ path: store }),
    providers,
    accounts,
    parameters,
    allowInsecureLoopback,
  });
}
