import type { AccountConfig } from '../account/account-config.js';
import { isAccountToken } from '../account/account-config.js';
import { type AccountKey, accountId } from '../account/account-key.js';
import { checkAccount } from '../account/check-account.js';
import { TokenError } from '../errors/token-error.js';
import { checkProvider } from './check-provider.js';
import type { TokenProvider } from './token-provider.js';

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
    for (const config of accounts) this.#insert(config);
    for (const account of this.all()) this.#chain(account);
  }

  hasProvider(id: string): boolean {
    return this.#providers.has(id);
  }

  /** @throws TokenError `CONFIGURATION_INVALID` where `config` could never be added */
  check(config: AccountConfig): KnownAccount {
    return this.#known(config);
  }

  /** @throws TokenError `CONFIGURATION_INVALID`, and then nothing is added */
  add(config: AccountConfig): KnownAccount {
    const account = this.#insert(config);
    try {
      this.#chain(account);
    } catch (error) {
      this.#delete(account);
      throw error;
    }
    return account;
  }

  /** New credentials or flags for an account that keeps its identity. */
  reconfigure(account: KnownAccount, config: AccountConfig): void {
    const former = account.config;
    this.#unchain(account);
    assign(account, config);
    try {
      this.#chain(account);
    } catch (error) {
      this.#unchain(account);
      assign(account, former);
      this.#chain(account);
      throw error;
    }
  }

  remove(account: KnownAccount): void {
    this.refuseIfUsed(account);
    this.#delete(account);
  }

  /** @throws TokenError `CONFIGURATION_INVALID` where others log in with this one's token */
  refuseIfUsed(account: KnownAccount): void {
    const [user] = this.downstreamOf(account);
    if (user !== undefined) {
      throw invalid(
        `Account "${user.name}" logs in with the token of "${account.name}". Remove it first.`,
      );
    }
  }

  #delete(account: KnownAccount): void {
    this.#unchain(account);
    this.#byId.delete(account.id);
    this.#byName.delete(account.name);
  }

  #unchain(account: KnownAccount): void {
    for (const [upstream, downstream] of this.#downstream) {
      const others = downstream.filter((each) => each !== account);
      if (others.length > 0) this.#downstream.set(upstream, others);
      else this.#downstream.delete(upstream);
    }
  }

  all(): readonly KnownAccount[] {
    return [...this.#byId.values()];
  }

  /** @throws TokenError `ACCOUNT_UNKNOWN`, which lists the names there are */
  find(key: AccountKey): KnownAccount {
    const found = this.look(key);
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

  look(key: AccountKey): KnownAccount | undefined {
    if (typeof key !== 'string') {
      if (typeof key?.provider !== 'string' || typeof key.account !== 'string') throw noKey();
      return this.#byId.get(accountId(key));
    }
    return this.#byName.get(key) ?? this.#byId.get(key);
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
    checkProvider(provider);
    const { id } = provider;
    if (this.#providers.has(id)) throw invalid(`Two providers have the id "${id}". Rename one.`);
    this.#providers.set(id, provider);
  }

  #known(config: AccountConfig): KnownAccount {
    checkAccount(config);
    const provider = this.#providers.get(config.provider);
    if (provider === undefined) {
      const known = [...this.#providers.keys()].join(', ') || 'none';
      throw invalid(
        `Account "${config.account}" wants provider "${config.provider}", which is not there ` +
          `(there are: ${known}). Add it to "providers".`,
      );
    }
    if (config.rotateEveryMs !== undefined && provider.revoke === undefined) {
      throw invalid(
        `Account "${config.account}" has rotateEveryMs, but provider "${config.provider}" has no ` +
          'way to revoke the old token. Remove rotateEveryMs.',
      );
    }
    return { id: accountId(config), name: config.name ?? config.account, config, provider };
  }

  #insert(config: AccountConfig): KnownAccount {
    const account = this.#known(config);
    if (this.#byId.has(account.id)) throw invalid(`Account ${account.id} is configured twice.`);
    if (this.#byName.has(account.name)) {
      throw invalid(`Two accounts are named "${account.name}". Give one of them a "name".`);
    }
    this.#byId.set(account.id, account);
    this.#byName.set(account.name, account);
    return account;
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

function noKey(): TypeError {
  return new TypeError('An account is asked for by its name, or by { provider, account }.');
}

/** The one place where an account that others hold on to changes. */
function assign(account: KnownAccount, config: AccountConfig): void {
  (account as { config: AccountConfig }).config = config;
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message);
}
