import { isAccountToken } from '../account/account-config.js';
import type { Clock } from '../clock/clock.js';
import { noLongerNeeded } from '../clock/no-longer-needed.js';
import { TokenError } from '../errors/token-error.js';
import type { AccountRegistry, KnownAccount } from '../provider/account-registry.js';
import { scrub } from '../token/scrub.js';
import { Secret } from '../token/secret.js';
import { type AskingClient, clientOfAccount, clientOfProvider } from './client-breakers.js';
import { secretsOfCredentials, textsIn } from './credential-secrets.js';
import { kindOf, providerError } from './provider-error.js';
import type { LiveUpstream, Upstreams } from './upstreams.js';

/** Credentials as the provider's schema made them, ready to be used once. */
export interface ResolvedCredentials {
  readonly value: unknown;
  /** All of them as text, for a keyed fingerprint only. */
  readonly canonical: string;
  /** What errors are cleaned of: the members that are a Secret, or every text where none is. */
  readonly secrets: readonly Secret[];
  readonly client: AskingClient;
  /** The other account's token that stands in them. */
  readonly upstream?: LiveUpstream;
}

/** Asks for credentials, fills in the tokens of other accounts, and checks the shape. */
export class CredentialsSource {
  constructor(
    private readonly registry: AccountRegistry,
    private readonly upstreams: Upstreams,
    private readonly clock: Clock,
    private readonly limitMs: number,
  ) {}

  /** @throws TokenError `CONFIGURATION_INVALID`, naming members but never values */
  async resolve(account: KnownAccount): Promise<ResolvedCredentials> {
    const { config } = account;
    const given =
      typeof config.credentials === 'function' ? await this.#ask(account) : config.credentials;
    const { value, upstream } = await this.#withUpstream(given);
    const checked = await check(account, value);
    if (checked.issues !== undefined) throw wrongShape(account, value, checked.issues);
    const secrets = secretsOfCredentials(checked.value);
    return {
      value: checked.value,
      canonical: canonical(value),
      secrets,
      client: clientOf(account, checked.value, secrets),
      ...(upstream === undefined ? {} : { upstream }),
    };
  }

  /** One that does not answer must not keep its account for ever. */
  async #ask(account: KnownAccount): Promise<unknown> {
    const answered = new AbortController();
    const tooLate = this.clock.sleep(this.limitMs, answered.signal).then(() => {
      throw unanswered(account, this.limitMs);
    });
    try {
      return await Promise.race([ask(account), tooLate]);
    } finally {
      answered.abort(noLongerNeeded);
      tooLate.catch(() => {});
    }
  }

  async #withUpstream(given: unknown): Promise<{ value: unknown; upstream?: LiveUpstream }> {
    if (typeof given !== 'object' || given === null) return { value: given };
    const members = Object.entries(given);
    const [name, reference] = members.find(([, member]) => isAccountToken(member)) ?? [];
    if (name === undefined || !isAccountToken(reference)) return { value: given };
    const upstream = await this.upstreams.token(this.registry.find(reference.account));
    return { value: { ...Object.fromEntries(members), [name]: upstream.secret }, upstream };
  }
}

export interface CredentialsAtHand {
  readonly resolved?: ResolvedCredentials;
  /** Why they cannot be had now, where the account has some. */
  readonly error?: TokenError;
}

/** For what may go on without them: a secret manager that is down must not end a session. */
export async function credentialsAtHand(
  services: { readonly credentials: CredentialsSource },
  account: KnownAccount,
): Promise<CredentialsAtHand> {
  if (account.config.credentials === undefined) return {};
  try {
    return { resolved: await services.credentials.resolve(account) };
  } catch (error) {
    if (TokenError.is(error)) return { error };
    throw error;
  }
}

/** Whether its provider can log in with them. @throws TokenError where the plug-in throws */
export function canLogIn(
  { provider }: KnownAccount,
  credentials: ResolvedCredentials | undefined,
): boolean {
  try {
    return provider.canObtain?.(credentials?.value) ?? true;
  } catch (error) {
    throw providerError(provider.id, error, credentials?.secrets ?? []);
  }
}

/** Whose client they are. */
function clientOf(
  { provider }: KnownAccount,
  credentials: unknown,
  secrets: readonly Secret[],
): AskingClient {
  try {
    const id: unknown = provider.clientId?.(credentials);
    if (typeof id !== 'string') return clientOfProvider(provider.id);
    return clientOfAccount(provider.id, id, secrets);
  } catch (error) {
    throw providerError(provider.id, error, secrets);
  }
}

function unanswered({ id }: KnownAccount, limitMs: number): TokenError {
  return new TokenError(
    'PROVIDER_UNAVAILABLE',
    `The credentials function of ${id} did not answer within ${limitMs / 1_000} s. Nothing was sent. ` +
      'It is asked again.',
    { retryable: true, reason: 'credentials_unavailable', account: id },
  );
}

async function ask({ id, config }: KnownAccount): Promise<unknown> {
  let given: unknown;
  try {
    given = await (config.credentials as () => unknown)();
  } catch (error) {
    // Its message may quote what it was asked for: only its name is passed on.
    throw new TokenError(
      'PROVIDER_UNAVAILABLE',
      `The credentials function of ${id} threw a ${kindOf(error)}. Nothing was sent. ` +
        'See to it that it returns the credentials; it is asked again.',
      { retryable: true, reason: 'credentials_unavailable', account: id },
    );
  }
  if (typeof given !== 'object' || given === null) return given;
  if (!Object.values(given).some(isAccountToken)) return given;
  // Who depends on whom is settled when the engine is made: circles, and renewals down the chain.
  throw new TokenError(
    'CONFIGURATION_INVALID',
    `The credentials function of ${id} returned an accountToken(). Put the object with ` +
      'accountToken() into "credentials" itself. Nothing was sent.',
    { reason: 'credentials_shape', account: id },
  );
}

async function check({ provider }: KnownAccount, value: unknown) {
  try {
    return await provider.credentials['~standard'].validate(value);
  } catch (error) {
    throw providerError(provider.id, error, secretsOfCredentials(value));
  }
}

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

function wrongShape(account: KnownAccount, value: unknown, issues: readonly Issue[]): TokenError {
  const secrets = textsIn(value);
  const problems = issues.slice(0, 5).map(({ message, path }) => {
    const where = (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
    return `${where.join('.') || 'credentials'}: ${scrub(message, secrets)}`;
  });
  return new TokenError(
    'CONFIGURATION_INVALID',
    `The credentials of ${account.id} do not have the shape provider ` +
      `"${account.provider.id}" wants. ${problems.join('; ')}. Nothing was sent.`,
    { reason: 'credentials_shape', account: account.id, provider: account.provider.id },
  );
}

function canonical(value: unknown): string {
  if (Secret.is(value)) return JSON.stringify(value.reveal());
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}
