import type { KnownAccount } from '../provider/account-registry.js';
import type { UpstreamToken } from '../store/account-record.js';
import { AccountKeeper } from './account-keeper.js';
import type { Committer } from './commit.js';
import type { RenewalServices } from './renewal-services.js';
import type { RenewalTransaction } from './renewal-transaction.js';
import type { Upstreams } from './upstreams.js';

/** One keeper per account, made when it is first asked for. */
export class Keepers {
  readonly #keepers = new Map<string, AccountKeeper>();

  constructor(
    private readonly services: RenewalServices,
    private readonly transaction: RenewalTransaction,
    private readonly committer: Committer,
  ) {}

  of(account: KnownAccount): AccountKeeper {
    const known = this.#keepers.get(account.id);
    if (known !== undefined) return known;
    const { services, transaction, committer } = this;
    const made = new AccountKeeper(services, transaction, committer, account);
    this.#keepers.set(account.id, made);
    return made;
  }

  all(): readonly AccountKeeper[] {
    return [...this.#keepers.values()];
  }
}

/** Chains: what one account needs to know of the account it logs in with. */
export function keptUpstreams(find: (id: string) => AccountKeeper): Upstreams {
  const newer = (keeper: AccountKeeper, { incarnation, generation }: UpstreamToken) => {
    const record = keeper.found?.record;
    if (record === undefined) return false;
    return record.incarnation !== incarnation || record.generation > generation;
  };
  return {
    async token(account) {
      const keeper = find(account.id);
      const { secret } = await keeper.getToken();
      const { incarnation = '', generation = 0 } = keeper.found?.record ?? {};
      return { secret, token: { account: account.id, incarnation, generation } };
    },
    async replace(token) {
      const keeper = find(token.account);
      if (newer(keeper, token)) return;
      await keeper.successorOf(token.generation, {}).catch(() => {});
    },
    hasMoved: (token) => newer(find(token.account), token),
  };
}
