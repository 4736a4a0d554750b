import type { KnownAccount } from '../provider/account-registry.js';
import type { LoginInteraction } from '../provider/login-interaction.js';
import type { FoundRecord } from '../store/edit-record.js';
import { Secret } from '../token/secret.js';
import type { IssuedTokens } from '../token/token-set.js';
import { EngineCall } from '../transport/engine-call.js';
import { type ImportedTokens, importTokens } from './import-tokens.js';
import { noCredentials } from './no-token.js';
import { providerError } from './provider-error.js';
import { askingClient, callRules } from './provider-operation.js';
import type { RenewalServices } from './renewal-services.js';

/**
 * A person logs in, which takes minutes: nothing is claimed meanwhile, and no refresh token of the
 * account is touched. What comes of it begins a new life of the account.
 */
export async function loginByPerson(
  services: RenewalServices,
  account: KnownAccount,
  interaction: LoginInteraction,
  signal: AbortSignal,
): Promise<FoundRecord> {
  const { provider, config } = account;
  if (provider.login === undefined) throw noCredentials(account);
  const credentials =
    config.credentials === undefined ? undefined : await services.credentials.resolve(account);
  const call = new EngineCall({
    ...callRules(services, account, askingClient(account, { credentials })),
    signal,
    timeoutMs: services.parameters.requestTimeoutMs,
    admit: async () => {},
  });
  const waiting = Object.assign(call, {
    wait: (ms: number) => services.clock.sleep(ms, signal),
  });
  let issued: IssuedTokens;
  try {
    issued = await provider.login(interaction, waiting, credentials?.value);
  } catch (error) {
    signal.throwIfAborted();
    const secrets = [...call.secrets, ...(credentials?.secrets ?? [])];
    const context = { account: account.id, provider: provider.id };
    throw providerError(provider.id, error, secrets).withContext(context);
  }
  return importTokens(services, account, importable(issued));
}

function importable({ accessToken, refreshToken, tokenType, scope, ...facts }: IssuedTokens) {
  const { lifetimeMs, refreshLifetimeMs, metadata } = facts;
  return {
    accessToken: tokenOf(accessToken),
    refreshToken: tokenOf(refreshToken),
    tokenType: textOf(tokenType),
    scope: textOf(scope),
    lifetimeMs,
    refreshLifetimeMs,
    metadata,
  } satisfies ImportedTokens;
}

/** Whatever it is, the import judges it. */
function tokenOf(value: unknown): string | Secret | undefined {
  return Secret.is(value) ? value : (value as string | undefined);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
