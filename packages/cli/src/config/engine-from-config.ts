import {
  createTokenEngine,
  type EngineOptions,
  sharedKeyring,
  type TokenEngine,
} from '@tokenkeep/core';
import type { LoadedConfig } from './loaded-config.js';

/** Ports that a service may bring: a logger, a keyring of its own. */
export type EnginePorts = Omit<
  EngineOptions,
  'store' | 'providers' | 'accounts' | 'parameters' | 'pace' | 'allowInsecureLoopback'
>;

/**
 * The engine of a config: over its SQLite file, whose folder is made for this user only, or over
 * its server. A service and the command line that use one config share its tokens.
 *
 * @throws TokenError `CONFIGURATION_INVALID` or `STORE_*`, before anything is sent
 */
export async function engineFromConfig(
  config: LoadedConfig,
  ports: EnginePorts = {},
): Promise<TokenEngine> {
  const { store, providers, accounts, parameters, pace, allowInsecureLoopback } = config;
  const hasKeys = ports.keyring !== undefined || ports.sealer !== undefined;
  return createTokenEngine({
    ...(store.kind === 'sqlite' || hasKeys ? {} : { keyring: sharedKeyring(store.keyFile) }),
    ...ports,
    store: await store.newStore(),
    providers,
    accounts,
    parameters,
    pace,
    allowInsecureLoopback,
  });
}
