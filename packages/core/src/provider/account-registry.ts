import type { AccountConfig } from '../account/account-config.js';
import { isAccountToken } from '../account/account-config.js';
import { type AccountKey, accountId } from '../account/account-key.js';
import { TokenError } from '../errors/token-error.js';
import { PROVIDER_CONTRACT, type TokenProvider } from './token-provider.js';

/** An account and the provider that serves it. */
export interface KnownAccount {
  readonly id: string;
  readonly name: string;
  readonly config: AccountConfig;
  readonly provider: TokenProvider;
}

/** The providers and accounts of one engine, checked when it is created. */
export class AccountRegistry {
  readonly #providers = new Map<string, TokenProvider>();
  readonly #byId = new Map<string, KnownAccount>();
  readonly #byName = new Map<string, KnownAccount>();
  readonly #downstream = new Map<KnownAccount, KnownAccount[]>();

  constructor(providers: readonly TokenProvider[], accounts: readonly AccountConfig[]) {
    for (const provider of providers) this.#addProvider(provider);
    for (const config of accounts) this.#addAccount(config);
    for (const account of this.all()) this.#chain(account);
  }

  all(): readonly KnownAccount[] {
    return [...this.#byId.values()];
  }

  /** @throws TokenError `ACCOUNT_UNKNOWN`, which lists the names there are */
  find(key: AccountKey): KnownAccount {
    const found =
      typeof key === 'string'
        ? (this.#byName.get(key) ?? this.#byId.get(key))
        : this.#byId.get(accountId(key));
    if (found !== undefined) return found;
    const asked = typeof key === 'string' ? key : accountId(key);
    const names = [...this.#byName.keys()];
    const known = names.slice(0, 10).join(', ') + (names.length > 10 ? ', ...' : '');
    throw new TokenError(
      'ACCOUNT_UNKNOWN',
      `No account "${asked}" is configured. Known: ${known || 'none'}. Add it to "accounts".`,
      { account: asked },
    );
  }

  /** The account whose access token stands in this one's credentials, if any. */
  upstreamOf({ config }: KnownAccount): KnownAccount | undefined {
    const { credentials } = config;
    if (typeof credentials !== 'object' || credentials === null) return undefined;
    const reference = Object.values(credentials).find(isAccountToken);
    return reference === undefined ? undefined : this.find(reference.account);
  }

  downstreamOf(upstream: KnownAccount): readonly KnownAccount[] {
    return this.#downstream.get(upstream) ?? [];
  }

  byId(id: string): KnownAccount | undefined {
    return this.#byId.get(id);
  }

  #addProvider(provider: TokenProvider): void {
    const { id, contract } = provider ?? {};
    if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(id)) {
      throw invalid('A provider has no id of a-z, 0-9 and "-". Is it a TokenProvider?');
    }
    if (contract !== PROVIDER_CONTRACT) {
      throw invalid(
        `Provider "${id}" was made for contract ${contract}; this engine speaks ` +
          `${PROVIDER_CONTRACT}. Install a version of the provider made for it.`,
      );
    }
    if (this.#providers.has(id)) throw invalid(`Two providers have the id "${id}". Rename one.`);
    this.#providers.set(id, provider);
  }

  #addAccount(config: AccountConfig): void {
    const provider = this.#providers.get(config.provider);
    if (provider === undefined) {
      const known = [...this.#providers.keys()].join(', ') || 'none';
      throw invalid(
        `Account "${config.account}" wants provider "${config.provider}", which is not there ` +
          `(there are: ${known}). Add it to "providers".`,
      );
    }
    if (typeof config.account !== 'string' || config.account === '') {
      throw invalid(`An account of provider "${config.provider}" has no "account" name.`);
    }
    if (config.rotateEveryMs !== undefined && provider.revoke === undefined) {
      throw invalid(
        `Account "${config.account}" has rotateEveryMs, but provider "${config.provider}" has no ` +
          'way to revoke the old token. Remove rotateEveryMs.',
      );
    }
    const account = {
      id: accountId(config),
      name: config.name ?? config.account,
      config,
      provider,
    };
    if (this.#byId.has(account.id)) throw invalid(`Account ${account.id} is configured twice.`);
    if (this.#byName.has(account.name)) {
      throw invalid(`Two accounts are named "${account.name}". Give one of them a "name".`);
    }
    this.#byId.set(account.id, account);
    this.#byName.set(account.name, account);
  }

  #chain(start: KnownAccount): void {
    const path = [start.name];
    const upstream = this.upstreamOf(start);
    if (upstream === undefined) return;
    this.#downstream.set(upstream, [...this.downstreamOf(upstream), start]);
    let at: KnownAccount | undefined = upstream;
    while (at !== undefined && path.length <= this.#byId.size) {
      path.push(at.name);
      if (at === start) {
        throw invalid(`Accounts log in with each other's tokens in a circle: ${path.join(' > ')}.`);
      }
      at = this.upstreamOf(at);
    }
  }
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message);
}
