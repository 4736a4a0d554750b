import type { TokenEngine } from '@tokenkeep/core';
import type { LoadedConfig } from '../config/loaded-config.js';

/** Whether the config has credentials with which an account gets tokens without a person. */
export async function logsItselfIn(
  account: string,
  { accounts }: TokenEngine,
  config: LoadedConfig,
): Promise<boolean> {
  const summary = accounts.list().find(({ id, name }) => id === account || name === account);
  const provider = config.providers.find(({ id }) => id === summary?.provider);
  const { credentials } =
    config.accounts.find((each) => (each.name ?? each.account) === summary?.name) ?? {};
  if (provider === undefined || credentials === undefined) return false;
  const given = typeof credentials === 'function' ? await credentials() : credentials;
  const checked = await provider.credentials['~standard'].validate(given);
  return checked.issues === undefined && (provider.canObtain?.(checked.value) ?? true);
}
