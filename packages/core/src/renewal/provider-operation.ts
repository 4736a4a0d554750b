import { noLongerNeeded } from '../clock/no-longer-needed.js';
import { TokenError } from '../errors/token-error.js';
import type { Parameters } from '../parameters/parameters.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { ProviderCall } from '../provider/provider-call.js';
import { type ProviderProfile, singleUse } from '../provider/provider-profile.js';
import { refusalOf } from '../provider/refusal.js';
import { type CallRules, EngineCall } from '../transport/engine-call.js';
import { type AskingClient, clientOfProvider } from './client-breakers.js';
import type { ResolvedCredentials } from './credentials-source.js';
import type { RenewalServices } from './renewal-services.js';

export interface ProviderOperation<Result> {
  readonly rotating: boolean;
  readonly credentials: ResolvedCredentials | undefined;
  /** Why there are no credentials, where the account has some. */
  readonly credentialsError?: TokenError | undefined;
  readonly admit: () => Promise<void>;
  readonly run: (call: ProviderCall) => Promise<Result>;
}

export interface OperationEnd<Result> {
  readonly call: EngineCall;
  readonly issued:
    | { readonly ok: true; readonly tokens: Result }
    | { readonly ok: false; readonly error: unknown };
}

export type CallServices = Pick<
  RenewalServices,
  'clock' | 'exchange' | 'parameters' | 'breakers' | 'probe' | 'allowInsecureLoopback'
>;

/** Runs one operation of a provider, detached from every caller, within its hard limit. */
export async function callProvider<Result>(
  services: CallServices,
  account: KnownAccount,
  operation: ProviderOperation<Result>,
): Promise<OperationEnd<Result>> {
  const { provider } = account;
  const { clock, parameters: p, breakers, probe } = services;
  const limitMs = hardLimit(provider.profile, p, operation.rotating);
  const limit = new AbortController();
  const finished = new AbortController();
  const client = askingClient(account, operation);
  const call = new EngineCall({
    ...callRules(services, account, client),
    credentialsError: operation.credentialsError,
    signal: limit.signal,
    timeoutMs: limitMs,
    admit: operation.admit,
    onProgress: (step) => probe(step === 'head-written' ? 'CP4' : 'CP5'),
  });
  try {
    const tokens = await Promise.race([
      operation.run(call),
      clock.sleep(limitMs + p.connectTimeoutMs, finished.signal).then(() => {
        throw neverEnded(provider.id);
      }),
    ]);
    if (client !== undefined) breakers.clients.accepted(client);
    // A reply that refuses earns nothing: being throttled must not pay for the next retry.
    breakers.quotaOf(provider.id).earn();
    return { call, issued: { ok: true, tokens } };
  } catch (error) {
    if (client !== undefined && refusalOf(error)?.kind === 'client_rejected') {
      breakers.clients.rejected(client);
    }
    return { call, issued: { ok: false, error } };
  } finally {
    limit.abort(noLongerNeeded);
    finished.abort(noLongerNeeded);
  }
}

/** What every request of an account keeps to, whatever it is for. */
export function callRules(
  { clock, breakers, parameters: p, exchange, allowInsecureLoopback }: CallServices,
  { config }: KnownAccount,
  client: AskingClient | undefined,
): Omit<CallRules, 'signal' | 'timeoutMs' | 'admit' | 'credentialsError'> {
  let hasBegun = false;
  return {
    exchange,
    target: targetOf(config),
    allowInsecureLoopback,
    connectTimeoutMs: p.connectTimeoutMs,
    maxBodyBytes: p.maxBodyBytes,
    wallClock: () => clock.now(),
    beforeConnect: async (origin) => {
      // What the first of two requests was granted must come home, or none of them ever heals it.
      if (client !== undefined && !hasBegun) {
        const clientMs = breakers.clients.waitMs(client);
        if (clientMs > 0) throw clientLeftAlone(client, clock.now() + clientMs);
      }
      hasBegun = true;
      const hostMs = await breakers.waitMs(origin);
      if (hostMs > 0) throw breakerOpen(origin, clock.now() + hostMs);
    },
    onOutcome: (origin, outcome) => {
      if (outcome === 'failed') breakers.failed(origin);
      else breakers.succeeded(origin);
    },
  };
}

/**
 * Whose client asks: the provider's, where the account has no credentials. Nobody knows, where the
 * account has some that cannot be had now, and they may be a client's.
 */
export function askingClient(
  { provider }: KnownAccount,
  {
    credentials,
    credentialsError,
  }: Pick<ProviderOperation<unknown>, 'credentials' | 'credentialsError'>,
): AskingClient | undefined {
  if (credentials !== undefined) return credentials.client;
  const isUnknown = credentialsError !== undefined && provider.clientId !== undefined;
  return isUnknown ? undefined : clientOfProvider(provider.id);
}

/** Aborting a rotation early is what loses it; where a resend heals, waiting long does not. */
function hardLimit(profile: ProviderProfile, p: Parameters, rotating: boolean): number {
  if (!rotating) return p.requestTimeoutMs;
  const graceMs = singleUse(profile)?.reuseGraceMs ?? 0;
  return graceMs > 0 ? Math.min(p.rotationTimeoutMs, graceMs / 3) : p.rotationTimeoutMs;
}

function targetOf({ tenant, resource, scope }: KnownAccount['config']) {
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(resource === undefined ? {} : { resource }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function breakerOpen(origin: string, retryAt: number): TokenError {
  return new TokenError(
    'PROVIDER_UNAVAILABLE',
    `The authorization server ${origin} failed several times in a row and is left alone for now.`,
    { retryable: true, retryAt, reason: 'breaker' },
  );
}

function clientLeftAlone(client: AskingClient, retryAt: number): TokenError {
  return new TokenError(
    'PROVIDER_UNAVAILABLE',
    `The server rejected the ${client.name} several times in a row, so it is left alone for ` +
      'now. Nothing was sent. Check its id, secret, grant type and scope.',
    { retryable: true, retryAt, reason: 'breaker' },
  );
}

function neverEnded(provider: string): TokenError {
  return new TokenError(
    'PROVIDER_OUTCOME_UNKNOWN',
    `Provider "${provider}" did not finish within its limit.`,
    { retryable: true, reason: 'timeout' },
  );
}
