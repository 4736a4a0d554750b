import { type AccountConfig, isAccountToken } from '../account/account-config.js';
import { type AccountKey, accountId } from '../account/account-key.js';
import type { ElapsedTime } from '../clock/elapsed-time.js';
import { TokenError } from '../errors/token-error.js';
import type { EventHub } from '../events/event-hub.js';
import type { AccountRegistry, KnownAccount } from '../provider/account-registry.js';
import type { Sealer } from '../sealing/sealer.js';
import { isRemoved, openAccount, removedAccount, sealAccount } from './stored-account.js';
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

/** A row as this process last saw it. With neither a configuration nor an error it was removed. */
interface SeenRow {
  readonly version: number;
  readonly config?: AccountConfig;
  /** Why it cannot be read. */
  readonly error?: TokenError;
}

/**
 * Accounts that live in the store instead of in the code of one service: whoever opens the store
 * has them, and has what others add, replace and remove while it runs. The registry is given the
 * whole set each time something changed, never a difference.
 */
export class SharedAccounts {
  readonly #rows = new Map<string, SeenRow>();
  /** Rows whose trouble was told already. */
  readonly #told = new Map<string, number>();
  #readAt = Number.NEGATIVE_INFINITY;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(
    private readonly services: Services,
    /** Told of each account that is no longer there. */
    private readonly removed: (account: KnownAccount) => void,
  ) {}

  /** The row of an account, also of one that has no place in this engine. */
  rowOf(key: AccountKey): { readonly id: string; readonly version: number } | undefined {
    const wanted = typeof key === 'string' ? key : accountId(key);
    for (const [id, { version, config, error }] of this.#rows) {
      if (config === undefined && error === undefined) continue;
      if ([id, config?.name ?? config?.account].includes(wanted)) return { id, version };
    }
    return undefined;
  }

  /** Brings the registry up to date, unless that was done less than `maxAgeMs` ago. */
  sync(maxAgeMs: number): Promise<void> {
    if (this.services.elapsed.now() - this.#readAt < maxAgeMs) return Promise.resolve();
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /**
   * Adds an account to the store, or replaces how it is configured there.
   *
   * @throws TokenError `CONFIGURATION_INVALID`: nothing is written
   */
  async put(config: AccountConfig, replace: boolean): Promise<void> {
    const { registry, sealer } = this.services;
    const { id } = registry.check(config);
    refuseFunctions(config);
    // Names and chains are judged among all there are.
    await this.sync(0);
    const refusal = registry.refusalOf(config, this.#configs());
    if (refusal !== undefined) throw refusal;
    const body = sealAccount(sealer, id, config);
    const version = await this.#write(id, (row) => {
      const taken = row !== undefined && !isRemoved(row.body);
      if (taken && !replace) throw alreadyThere(id);
      return body;
    });
    this.#rows.set(id, { version, config });
    this.#settle();
  }

  /** @throws TokenError `STORE_UNAVAILABLE`, reason `contention`: it is not that version any more */
  async drop({ id, version }: { readonly id: string; readonly version: number }): Promise<void> {
    const dropped = await this.#write(id, (row) => {
      if (row?.version !== version) throw contended(id);
      return removedAccount;
    });
    this.#rows.set(id, { version: dropped });
    this.#settle();
  }

  /** @returns the version written */
  async #write(id: string, change: (row: StoredRow | undefined) => string): Promise<number> {
    const { store, elapsed } = this.services;
    const kind = 'configuration';
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { row } = await store.read(kind, id);
      const body = change(row);
      const expected = row?.version ?? 0;
      const result = await store.write([{ kind, id, expected, body, due: undefined, fence: 0 }]);
      this.#writtenAt = elapsed.now();
      if (result.written) return expected + 1;
    }
    throw contended(id);
  }

  async #readAll(): Promise<void> {
    const { store, elapsed } = this.services;
    const began = elapsed.now();
    const rows: StoredRow[] = [];
    let page: readonly StoredRow[];
    do {
      page = await store.list('configuration', rows.at(-1)?.id, PAGE);
      rows.push(...page);
    } while (page.length === PAGE);
    // A list that began before a write of ours may be older than it: the next one will do.
    if (this.#writtenAt >= began) return;
    this.#readAt = began;
    const ids = new Set(rows.map(({ id }) => id));
    const isSame = ({ id, version }: StoredRow) => this.#rows.get(id)?.version === version;
    if (rows.every(isSame) && [...this.#rows.keys()].every((id) => ids.has(id))) return;
    for (const row of rows) if (!isSame(row)) this.#rows.set(row.id, this.#open(row));
    for (const id of [...this.#rows.keys()]) if (!ids.has(id)) this.#rows.delete(id);
    this.#settle();
  }

  #open({ id, body, version }: StoredRow): SeenRow {
    try {
      if (isRemoved(body)) return { version };
      return { version, config: openAccount(this.services.sealer, id, body) };
    } catch (error) {
      if (!TokenError.is(error)) throw error;
      return { version, error };
    }
  }

  /** Never throws: a row that cannot be used stops its account, and is told about once. */
  #settle(): void {
    const { registry } = this.services;
    const { removed, refused } = registry.share(this.#configs());
    for (const account of removed) this.removed(account);
    for (const [id, { version, error }] of this.#rows) {
      const trouble = error ?? refused.get(id);
      if (trouble === undefined || this.#told.get(id) === version) continue;
      this.#told.set(id, version);
      this.services.events.emit('engine:warning', {
        warning: 'TOKENKEEP_SHARED_ACCOUNT',
        message: `The shared account ${id} is not used (${trouble.code}). ${trouble.message}`,
      });
    }
  }

  #configs(): AccountConfig[] {
    return [...this.#rows.values()].flatMap(({ config }) => config ?? []);
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

function contended(id: string): TokenError {
  return new TokenError(
    'STORE_UNAVAILABLE',
    `Somebody else changed the account ${id} at the same time. Look at it, and try again.`,
    { retryable: true, reason: 'contention', account: id },
  );
}
