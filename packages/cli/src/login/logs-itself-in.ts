import type { TokenEngine } from '@tokenkeep/core';
import { accountCalled, configuredAccount, providerOf } from '../accounts/configured-account.js';
import type { LoadedConfig } from '../config/loaded-config.js';

/** Whether the config has credentials with which an account gets tokens without a person. */
export async function logsItselfIn(
  key: string,
  engine: TokenEngine,
  config: LoadedConfig,
): Promise<boolean> {
  const account = accountCalled(key, engine);
  if (account === undefined) return false;
  const provider = providerOf(account, config);
  const { credentials } = configuredAccount(account, config) ?? {};
  if (provider === undefined || credentials === undefined) return false;
  const given = typeof credentials === 'function' ? await credentials() : credentials;
  const checked = await provider.credentials['~standard'].validate(given);
  return checked.issues === undefined && (provider.canObtain?.(checked.value) ?? true);
}
