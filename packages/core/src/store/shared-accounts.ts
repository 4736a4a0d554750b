import { type AccountConfig, isAccountToken } from '../account/account-config.js';
import { accountId } from '../account/account-key.js';
import type { ElapsedTime } from '../clock/elapsed-time.js';
import { TokenError } from '../errors/token-error.js';
import type { EventHub } from '../events/event-hub.js';
import type { AccountRegistry, KnownAccount } from '../provider/account-registry.js';
import type { Sealer } from '../sealing/sealer.js';
import { openAccount, removedAccount, sealAccount } from './stored-account.js';
import type { StoredRow, TokenStore } from './token-store.js';

const PAGE = 200;
/** More rivals in a row than this is a bug, not contention. */
const MOST_TRIES = 8;

interface Services {
  readonly store: TokenStore;
  readonly sealer: Sealer;
  readonly registry: AccountRegistry;
  readonly elapsed: ElapsedTime;
  readonly events: EventHub;
}

/**
 * Accounts that live in the store instead of in the code of one service: whoever opens the store
 * has them, and has what others add, replace and remove while it runs.
 */
export class SharedAccounts {
  readonly #versions = new Map<string, number>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(
    private readonly services: Services,
    /** Told of each account that somebody removed from the store. */
    private readonly removed: (account: KnownAccount) => void,
  ) {}

  isShared(id: string): boolean {
    return this.#versions.has(id);
  }

  /** Brings the registry up to date, unless that was done less than `maxAgeMs` ago. */
  sync(maxAgeMs: number): Promise<void> {
    if (this.services.elapsed.now() - this.#readAt < maxAgeMs) return Promise.resolve();
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Adds an account to the store, or replaces how it is configured there. */
  async put(config: AccountConfig, replace: boolean): Promise<void> {
    const { registry, sealer } = this.services;
    registry.check(config);
    refuseFunctions(config);
    const id = accountId(config);
    await this.#write(id, (row) => {
      const taken = row !== undefined && openAccount(sealer, id, row.body) !== undefined;
      if (taken && !replace) throw alreadyThere(id);
      return sealAccount(sealer, id, config);
    });
  }

  drop(id: string): Promise<void> {
    return this.#write(id, (row) => (row === undefined ? undefined : removedAccount));
  }

  async #write(
    id: string,
    change: (row: StoredRow | undefined) => string | undefined,
  ): Promise<void> {
    const { store } = this.services;
    const kind = 'configuration';
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { row } = await store.read(kind, id);
      const body = change(row);
      if (body === undefined) return;
      const expected = row?.version ?? 0;
      const result = await store.write([{ kind, id, expected, body, due: undefined, fence: 0 }]);
      if (result.written) return this.#apply(id, body, expected + 1);
    }
    throw new TokenError('STORE_UNAVAILABLE', `Others keep changing the account ${id}.`, {
      retryable: true,
      reason: 'contention',
      account: id,
    });
  }

  async #readAll(): Promise<void> {
    const { store, elapsed } = this.services;
    const readAt = elapsed.now();
    const unread: StoredRow[] = [];
    let page: readonly StoredRow[];
    do {
      page = await store.list('configuration', unread.at(-1)?.id, PAGE);
      unread.push(...page);
    } while (page.length === PAGE);
    // One may log in with the token of another that comes later: tried again once the rest is in.
    const later = unread.filter((row) => !this.#take(row, false));
    for (const row of later) this.#take(row, true);
    this.#readAt = readAt;
  }

  /** Never throws: a row that cannot be used stops its account, and is told about once. */
  #take({ id, body, version }: StoredRow, last: boolean): boolean {
    if (this.#versions.get(id) === version) return true;
    try {
      this.#apply(id, body, version);
      return true;
    } catch (error) {
      if (!last) return false;
      this.#versions.set(id, version);
      const { code, message } = TokenError.is(error) ? error : { code: 'BUG', message: '' };
      this.services.events.emit('engine:warning', {
        warning: 'TOKENKEEP_SHARED_ACCOUNT',
        message: `The shared account ${id} is not used (${code}). ${message}`,
      });
      return false;
    }
  }

  #apply(id: string, body: string, version: number): void {
    const { registry, sealer } = this.services;
    const known = registry.byId(id);
    const config = openAccount(sealer, id, body);
    // What this service configures itself goes first, and is not another's to remove.
    if (known !== undefined && !this.isShared(id)) return;
    if (config === undefined) {
      if (known !== undefined) registry.remove(known);
      this.#versions.delete(id);
      if (known !== undefined) this.removed(known);
      return;
    }
    // For another service on the same store.
    if (!registry.hasProvider(config.provider)) return;
    if (known === undefined) registry.add(config);
    else registry.reconfigure(known, config);
    this.#versions.set(id, version);
  }
}

function refuseFunctions({ account, credentials }: AccountConfig): void {
  const isPlain = (value: unknown): boolean =>
    typeof value !== 'function' &&
    (typeof value !== 'object' ||
      value === null ||
      isAccountToken(value) ||
      Object.values(value).every(isPlain));
  if (isPlain(credentials)) return;
  throw new TokenError(
    'CONFIGURATION_INVALID',
    `The credentials of the shared account "${account}" are or contain a function, which cannot ` +
      'be kept in a store. Give the values, or add the account without "shared".',
    { reason: 'credentials_shape', account },
  );
}

function alreadyThere(id: string): TokenError {
  return new TokenError(
    'CONFIGURATION_INVALID',
    `The shared account ${id} is there already. To change it, add it with { replace: true }.`,
    { account: id },
  );
}
