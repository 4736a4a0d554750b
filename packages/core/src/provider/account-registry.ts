import type { AccountConfig } from '../account/account-config.js';
import { type AccountKey, accountId } from '../account/account-key.js';
import { checkAccount } from '../account/check-account.js';
import { TokenError } from '../errors/token-error.js';
import { AccountView, type KnownAccount, upstreamNameOf } from './account-view.js';
import { checkProvider } from './check-provider.js';
import type { TokenProvider } from './token-provider.js';

export type { KnownAccount } from './account-view.js';

/** What became of a new set of shared accounts. */
export interface SharedChange {
  readonly removed: readonly KnownAccount[];
  /** By id. */
  readonly refused: ReadonlyMap<string, TokenError>;
}

/** The providers and accounts of one engine: its own, and those it shares through the store. */
export class AccountRegistry {
  readonly #providers = new Map<string, TokenProvider>();
  readonly #own = new Map<string, KnownAccount>();
  #shared = new Map<string, KnownAccount>();
  #view: AccountView;

  constructor(providers: readonly TokenProvider[], accounts: readonly AccountConfig[]) {
    for (const provider of providers) this.#addProvider(provider);
    const own = accounts.map((config) => this.#known(config));
    this.#view = new AccountView(own, []);
    for (const account of own) this.#own.set(account.id, account);
    for (const account of own) checkChain(this.#view, account);
  }

  /** @throws TokenError `CONFIGURATION_INVALID` where `config` could never be added */
  check(config: AccountConfig): KnownAccount {
    return this.#known(config);
  }

  /** @throws TokenError `CONFIGURATION_INVALID`, and then nothing is added */
  add(config: AccountConfig): KnownAccount {
    const account = this.#known(config);
    const view = new AccountView([...this.#own.values(), account], this.#shared.values());
    const [pushedOut] = [...view.refused.values()];
    if (pushedOut !== undefined && this.#view.refused.size < view.refused.size) throw pushedOut;
    checkChain(view, account);
    this.#own.set(account.id, account);
    this.#view = view;
    return account;
  }

  /** New credentials or flags for an account of this engine, which keeps its identity. */
  reconfigure(account: KnownAccount, config: AccountConfig): void {
    const fresh = this.#known(config);
    const others = [...this.#own.values()].filter((each) => each !== account);
    checkChain(new AccountView([...others, fresh], this.#shared.values()), fresh);
    become(account, fresh);
    this.#view = new AccountView(this.#own.values(), this.#shared.values());
  }

  /** @throws TokenError `CONFIGURATION_INVALID` where others log in with this one's token */
  remove(account: KnownAccount): void {
    this.refuseIfUsed(account);
    this.#own.delete(account.id);
    this.#view = new AccountView(this.#own.values(), this.#shared.values());
  }

  /** @throws TokenError `CONFIGURATION_INVALID` where others log in with this one's token */
  refuseIfUsed(account: KnownAccount): void {
    const [user] = this.downstreamOf(account);
    if (user === undefined) return;
    throw invalid(
      `Account "${user.name}" logs in with the token of "${account.name}". Remove it first.`,
    );
  }

  /** All shared accounts there are from now on. */
  share(configs: readonly AccountConfig[]): SharedChange {
    const kept = this.#served(configs).map((fresh) => {
      const known = this.#shared.get(fresh.id);
      if (known !== undefined) become(known, fresh);
      return known ?? fresh;
    });
    const before = [...this.#shared.values()].filter(({ id }) => this.isShared(id));
    this.#shared = new Map(kept.map((account) => [account.id, account]));
    this.#view = new AccountView(this.#own.values(), kept);
    const removed = before.filter((account) => this.#view.byId.get(account.id) !== account);
    return { removed, refused: this.#view.refused };
  }

  /** Why a shared account would have no place among the others, without changing anything. */
  refusalOf(config: AccountConfig, shared: readonly AccountConfig[]): TokenError | undefined {
    const account = this.#known(config);
    const others = this.#served(shared).filter(({ id }) => id !== account.id);
    return new AccountView(this.#own.values(), [...others, account]).refused.get(account.id);
  }

  isShared(id: string): boolean {
    return this.#shared.has(id) && this.#view.byId.get(id) === this.#shared.get(id);
  }

  /** The same list until an account comes, changes or goes. */
  all(): readonly KnownAccount[] {
    return this.#view.all;
  }

  countOf(provider: string): number {
    return this.#view.countOf(provider);
  }

  /** @throws TokenError `ACCOUNT_UNKNOWN`, which lists the names there are */
  find(key: AccountKey): KnownAccount {
    const found = this.look(key);
    if (found !== undefined) return found;
    throw unknown(this.#view, typeof key === 'string' ? key : accountId(key));
  }

  look(key: AccountKey): KnownAccount | undefined {
    if (typeof key === 'string') return this.#view.look(key);
    if (typeof key?.provider !== 'string' || typeof key.account !== 'string') throw noKey();
    return this.#view.byId.get(accountId(key));
  }

  downstreamOf(upstream: KnownAccount): readonly KnownAccount[] {
    return this.#view.downstreamOf(upstream);
  }

  byId(id: string): KnownAccount | undefined {
    return this.#view.byId.get(id);
  }

  /** What this engine could not even be configured with is another service's. */
  #served(configs: readonly AccountConfig[]): KnownAccount[] {
    return configs.flatMap((config) => {
      try {
        return this.#known(config);
      } catch {
        return [];
      }
    });
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
}

/** @throws TokenError `ACCOUNT_UNKNOWN`, `CONFIGURATION_INVALID` */
function checkChain(view: AccountView, start: KnownAccount): void {
  const path = [start.name];
  for (let at = start; ; ) {
    const name = upstreamNameOf(at.config);
    if (name === undefined) return;
    const upstream = view.look(name);
    if (upstream === undefined) throw unknown(view, name);
    path.push(upstream.name);
    if (path.length <= view.byId.size + 1 && upstream !== start) at = upstream;
    else
      throw invalid(`Accounts log in with each other's tokens in a circle: ${path.join(' > ')}.`);
  }
}

/** The one place where an account that others hold on to changes. */
function become(account: KnownAccount, { name, config }: KnownAccount): void {
  Object.assign(account, { name, config });
}

function unknown({ byName }: AccountView, asked: string): TokenError {
  const names = [...byName.keys()];
  const known = names.slice(0, 10).join(', ') + (names.length > 10 ? ', ...' : '');
  return new TokenError(
    'ACCOUNT_UNKNOWN',
    `No account "${asked}" is configured. Known: ${known || 'none'}. Add it to "accounts".`,
    { account: asked },
  );
}

function noKey(): TypeError {
  return new TypeError('An account is asked for by its name, or by { provider, account }.');
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message);
}
