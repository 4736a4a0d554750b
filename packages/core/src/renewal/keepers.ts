import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { AccountRecord, UpstreamToken } from '../store/account-record.js';
import { editRecord } from '../store/edit-record.js';
import type { TokenStore } from '../store/token-store.js';
import { AccountKeeper } from './account-keeper.js';
import type { Committer } from './commit.js';
import type { RenewalServices } from './renewal-services.js';
import type { RenewalTransaction } from './renewal-transaction.js';
import type { Upstreams } from './upstreams.js';

/** One keeper per account, made when it is first asked for. */
export class Keepers {
  readonly #keepers = new Map<string, AccountKeeper>();
  readonly #landing = new Set<Promise<void>>();

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

  isFlying(id: string): boolean {
    return this.#keepers.get(id)?.flying ?? false;
  }

  /** Somebody changed this account's row. Who asks here now and then is told what is new at once. */
  changed(id: string): void {
    this.#keepers.get(id)?.hear();
  }

  /** Of an account that is no more. */
  forget({ id }: KnownAccount): void {
    const keeper = this.#keepers.get(id);
    if (keeper === undefined) return;
    this.#keepers.delete(id);
    keeper.retire(new TokenError('ACCOUNT_UNKNOWN', `Account ${id} was removed.`, { account: id }));
    const landing = keeper.landed().finally(() => this.#landing.delete(landing));
    this.#landing.add(landing);
  }

  /** Resolves when nothing is in flight any more, of removed accounts neither. */
  async landed(): Promise<void> {
    await Promise.all([...this.#landing, ...this.all().map((keeper) => keeper.landed())]);
  }

  all(): readonly AccountKeeper[] {
    return [...this.#keepers.values()];
  }
}

/** Longer chains are a circle that an older configuration has left in the records. */
const MOST_LINKS = 16;

/** Chains: what one account needs to know of the account it logs in with. */
export function keptUpstreams(store: TokenStore, find: (id: string) => AccountKeeper): Upstreams {
  const newer = (keeper: AccountKeeper, { incarnation, generation }: UpstreamToken) => {
    const record = keeper.found?.record;
    if (record === undefined) return false;
    return record.incarnation !== incarnation || record.generation > generation;
  };
  /** The accounts a token was made from, the nearest first. */
  function* upwards(first: UpstreamToken) {
    let token: UpstreamToken | undefined = first;
    for (let links = 0; token !== undefined && links < MOST_LINKS; links += 1) {
      const keeper = find(token.account);
      const record: AccountRecord | undefined = keeper.found?.record;
      yield { keeper, token, record };
      token = record?.upstream;
    }
  }
  /** What is that very token, all the way up, has moved if any of it has. */
  const moved = (first: UpstreamToken) => {
    for (const { keeper, token, record } of upwards(first)) {
      if (newer(keeper, token)) return true;
      if (!record?.access?.sharesUpstream) return false;
    }
    return false;
  };
  return {
    async token(account) {
      const keeper = find(account.id);
      const { secret } = await keeper.getToken();
      const { incarnation = '', generation = 0 } = keeper.found?.record ?? {};
      return {
        secret,
        token: { account: account.id, incarnation, generation },
        endsAt: keeper.endsAt,
      };
    },
    async replace(token) {
      const keeper = find(token.account);
      if (newer(keeper, token)) return undefined;
      try {
        await keeper.successorOf(token.generation, {});
        return undefined;
      } catch (error) {
        return TokenError.is(error) ? error : undefined;
      }
    },
    // What cannot be read says nothing about the accounts downstream.
    look: (token) =>
      find(token.account)
        .refreshView()
        .catch(() => {}),
    hasMoved: moved,
    async end(token) {
      const keeper = find(token.account);
      const { incarnation, generation } = token;
      const { found } = await editRecord(store, token.account, ({ row, record }) => {
        const same = record?.incarnation === incarnation && record.generation === generation;
        if (record?.access === undefined || !same) return;
        return { record: { ...record, access: { ...record.access, ended: true } }, due: row?.due };
      });
      keeper.takeOver(found);
    },
    isRevoked: (token) => [...upwards(token)].some(({ record }) => record?.state === 'revoked'),
  };
}
