import type { AccountConfig } from '../account/account-config.js';
import type { AccountKey } from '../account/account-key.js';
import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { dueOf } from '../renewal/due-of.js';
import { type ImportedTokens, importTokens } from '../renewal/import-tokens.js';
import type { Keepers } from '../renewal/keepers.js';
import type { RenewalServices } from '../renewal/renewal-services.js';
import type { Revocation } from '../renewal/revocation.js';
import type { Scheduler } from '../schedule/scheduler.js';
import { newRecord } from '../store/account-record.js';
import { editRecord, loadRecord } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import type { SharedAccounts } from '../store/shared-accounts.js';
import { accountSummary } from './account-summary.js';
import type {
  AccountSummary,
  AddAccountOptions,
  EngineAccounts,
  RemoveAccountOptions,
} from './token-engine.js';

const REMOVED = 'removed';

/** Accounts that come and go while the engine runs. */
export class RuntimeAccounts implements EngineAccounts {
  /** Configured in the options: there they are taken out. */
  readonly #fixed: ReadonlySet<string>;

  constructor(
    private readonly services: RenewalServices,
    private readonly keepers: Keepers,
    private readonly revocation: Revocation,
    private readonly scheduler: Scheduler,
    private readonly shared: SharedAccounts,
    private readonly find: (key: AccountKey) => Promise<KnownAccount>,
  ) {
    this.#fixed = new Set(services.registry.all().map(({ id }) => id));
  }

  list(): readonly AccountSummary[] {
    return this.services.registry.all().map(accountSummary);
  }

  async add(
    config: AccountConfig,
    { shared = false, replace = false }: AddAccountOptions = {},
  ): Promise<AccountSummary> {
    const { registry } = this.services;
    const { id } = registry.check(config);
    const known = registry.byId(id);
    if (known !== undefined && registry.isShared(id) !== shared) throw configuredElsewhere(known);
    if (shared) await this.shared.put(config, replace);
    else if (known !== undefined && replace) registry.reconfigure(known, config);
    else registry.add(config);
    const account = registry.find(id);
    await this.#revive(account);
    this.scheduler.wake();
    return accountSummary(account);
  }

  async import(key: AccountKey, tokens: ImportedTokens): Promise<void> {
    const account = await this.find(key);
    this.keepers.of(account).beginAnew(await importTokens(this.services, account, tokens));
    this.scheduler.wake();
  }

  async remove(key: AccountKey, { force = false }: RemoveAccountOptions = {}): Promise<void> {
    const { registry, store } = this.services;
    const account = await this.#findOrDropRow(key);
    if (account === undefined) return;
    if (this.#fixed.has(account.id)) throw configuredElsewhere(account);
    registry.refuseIfUsed(account);
    // As it stood when it was to be removed: whoever adds it anew meanwhile means another one.
    const row = registry.isShared(account.id) ? this.shared.rowOf(account.id) : undefined;
    await this.revocation.revoke(this.keepers.of(account), REMOVED);
    const { record } = await loadRecord(store, account.id);
    if (!force && (record?.retiring.length ?? 0) > 0) throw stillOwed(account);
    if (row !== undefined) return this.shared.drop(row);
    registry.remove(account);
    this.keepers.forget(account);
  }

  /** A shared account that has no place here, or that nobody can read, is only a row. */
  async #findOrDropRow(key: AccountKey): Promise<KnownAccount | undefined> {
    try {
      return await this.find(key);
    } catch (error) {
      const row = TokenError.is(error, 'ACCOUNT_UNKNOWN') ? this.shared.rowOf(key) : undefined;
      if (row === undefined) throw error;
      await this.shared.drop(row);
      return undefined;
    }
  }

  /** Removed is not revoked for good: whoever adds the account again wants it to live. */
  async #revive(account: KnownAccount): Promise<void> {
    const { store, random } = this.services;
    const { done, found } = await editRecord(store, account.id, ({ record, row }) => {
      if (record?.state !== 'revoked' || record.reason !== REMOVED) return;
      const { generation, guard, retiring } = record;
      const incarnation = nextIncarnation(record.incarnation, random);
      const next = { ...newRecord(incarnation), generation, guard, retiring };
      const due = dueOf(this.services, account, next);
      return { record: next, due, fence: (row?.fence ?? 0) + 1, lease: 'release' };
    });
    if (done) this.keepers.of(account).takeOver(found);
  }
}

function configuredElsewhere({ id, name }: KnownAccount): TokenError {
  return new TokenError(
    'CONFIGURATION_INVALID',
    `Account "${name}" (${id}) is configured somewhere else: in the options of this engine, in ` +
      'the config file, or in the store it shares. Change it there; engine.revoke() ends its tokens.',
    { account: id },
  );
}

function stillOwed({ id }: KnownAccount): TokenError {
  return new TokenError(
    'PROVIDER_UNAVAILABLE',
    `The tokens of ${id} are forgotten here, but their server could not be told to end them. The ` +
      'account stays, revoked, and that is tried again. Remove it again later, or with ' +
      '{ force: true } let them run out by themselves.',
    { retryable: true, reason: 'revocation_owed', account: id },
  );
}
