import { type AccountConfig, isAccountToken } from '../account/account-config.js';
import { TokenError } from '../errors/token-error.js';
import type { TokenProvider } from './token-provider.js';

/** An account and the provider that serves it. */
export interface KnownAccount {
  readonly id: string;
  readonly name: string;
  readonly config: AccountConfig;
  readonly provider: TokenProvider;
}

/**
 * Who there is, under which names, and who logs in with whose token. Made anew at each change, so
 * that no order of changes can leave something behind.
 */
export class AccountView {
  readonly byId = new Map<string, KnownAccount>();
  readonly byName = new Map<string, KnownAccount>();
  readonly all: readonly KnownAccount[];
  readonly #counts = new Map<string, number>();
  readonly #downstream = new Map<KnownAccount, KnownAccount[]>();
  /** Shared accounts that have no place here, and why. By id. */
  readonly refused = new Map<string, TokenError>();

  /** @throws TokenError `CONFIGURATION_INVALID` where two of `own` clash */
  constructor(own: Iterable<KnownAccount>, shared: Iterable<KnownAccount>) {
    for (const account of own) {
      const clash = this.#clash(account);
      if (clash !== undefined) throw clash;
      this.#insert(account);
    }
    // What a service configures itself goes first.
    this.#insertShared([...shared].filter(({ id }) => !this.byId.has(id)));
    this.all = [...this.byId.values()];
    for (const account of this.all) {
      const { id } = account.provider;
      this.#counts.set(id, this.countOf(id) + 1);
      const upstream = this.upstreamOf(account);
      if (upstream === undefined) continue;
      const downstream = this.#downstream.get(upstream) ?? [];
      downstream.push(account);
      this.#downstream.set(upstream, downstream);
    }
  }

  /** How many accounts a provider has here. */
  countOf(provider: string): number {
    return this.#counts.get(provider) ?? 0;
  }

  /** By name, and where nobody has that name, by id. */
  look(key: string): KnownAccount | undefined {
    return this.byName.get(key) ?? this.byId.get(key);
  }

  /** The account whose access token stands in this one's credentials, if it is there. */
  upstreamOf({ config }: KnownAccount): KnownAccount | undefined {
    const name = upstreamNameOf(config);
    return name === undefined ? undefined : this.look(name);
  }

  downstreamOf(upstream: KnownAccount): readonly KnownAccount[] {
    return this.#downstream.get(upstream) ?? [];
  }

  /** One whose upstream comes later waits for it; a circle waits for ever. */
  #insertShared(accounts: readonly KnownAccount[]): void {
    let waiting = accounts;
    for (let before = -1; waiting.length !== before; ) {
      before = waiting.length;
      waiting = waiting.filter((account) => {
        const upstream = upstreamNameOf(account.config);
        if (upstream !== undefined && this.look(upstream) === undefined) return true;
        const clash = this.#clash(account);
        if (clash !== undefined) this.refused.set(account.id, clash);
        else this.#insert(account);
        return false;
      });
    }
    for (const account of waiting) this.refused.set(account.id, waitsForEver(account));
  }

  #clash({ id, name }: KnownAccount): TokenError | undefined {
    if (this.byId.has(id)) return invalid(`Account ${id} is configured twice.`);
    if (!this.byName.has(name)) return undefined;
    return invalid(`Two accounts are named "${name}". Give one of them a "name".`);
  }

  #insert(account: KnownAccount): void {
    this.byId.set(account.id, account);
    this.byName.set(account.name, account);
  }
}

export function upstreamNameOf({ credentials }: AccountConfig): string | undefined {
  if (typeof credentials !== 'object' || credentials === null) return undefined;
  return Object.values(credentials).find(isAccountToken)?.account;
}

function waitsForEver({ name, config }: KnownAccount): TokenError {
  return invalid(
    `Account "${name}" logs in with the token of "${upstreamNameOf(config)}", which is not there, ` +
      'or logs in with this one in a circle.',
  );
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message);
}
