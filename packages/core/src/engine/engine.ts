import type { AccountKey } from '../account/account-key.js';
import { noLongerNeeded } from '../clock/no-longer-needed.js';
import { TokenError } from '../errors/token-error.js';
import type { EventName, TokenEvents } from '../events/events.js';
import type { LoginInteraction } from '../provider/login-interaction.js';
import type { AccountKeeper, TokenRequestOptions } from '../renewal/account-keeper.js';
import { AccountSession, type TokenSession } from '../renewal/account-session.js';
import type { Committer } from '../renewal/commit.js';
import type { Keepers } from '../renewal/keepers.js';
import { logIn } from '../renewal/login.js';
import { loginByPerson } from '../renewal/login-by-person.js';
import { type ActionOptions, waitFor } from '../renewal/patience.js';
import type { RenewalServices } from '../renewal/renewal-services.js';
import type { Revocation } from '../renewal/revocation.js';
import { makeDue, type Scheduler } from '../schedule/scheduler.js';
import type { SharedAccounts } from '../store/shared-accounts.js';
import type { StoreWatch } from '../store/token-store.js';
import type { AccessToken } from '../token/access-token.js';
import { accountStatus } from './account-status.js';
import { accountSummary } from './account-summary.js';
import { registerEngine } from './duplicate-engines.js';
import { RuntimeAccounts } from './engine-accounts.js';
import type {
  AccountHandle,
  AccountStatus,
  EngineAccounts,
  EngineHealth,
  LoginOptions,
  TokenEngine,
  WithTokenOptions,
} from './token-engine.js';
import { withToken } from './with-token.js';

/** A rotation that others get ahead of is tried this often. */
const MOST_ROTATION_TRIES = 5;

/** People look for their phone, and for a password. */
const PERSON_WAIT_MS = 900_000;

/** Delegation only: each rule is in the part it names. */
export class Engine implements TokenEngine {
  readonly accounts: EngineAccounts;
  readonly #services: RenewalServices;
  readonly #keepers: Keepers;
  readonly #committer: Committer;
  readonly #revocation: Revocation;
  readonly #scheduler: Scheduler;
  readonly #shared: SharedAccounts;
  #registration: ReturnType<typeof registerEngine> | undefined;
  #stopping: Promise<void> | undefined;
  #watch: StoreWatch | undefined;
  /** Aborted when the engine stops: sessions nobody ended are left to their leases. */
  readonly #sessions = new AbortController();

  constructor(
    services: RenewalServices,
    keepers: Keepers,
    committer: Committer,
    revocation: Revocation,
    scheduler: Scheduler,
    shared: SharedAccounts,
  ) {
    this.#services = services;
    this.#keepers = keepers;
    this.#committer = committer;
    this.#revocation = revocation;
    this.#scheduler = scheduler;
    this.#shared = shared;
    this.accounts = new RuntimeAccounts(
      services,
      keepers,
      revocation,
      scheduler,
      shared,
      async (key) => (await this.#sought(key)).account,
    );
  }

  /** Reads the store's clock and brings home what is in escrow. */
  async open(): Promise<void> {
    const { store, registry, events, holder } = this.#services;
    await store.now();
    this.#watch = await store.watch((id) => this.#keepers.changed(id));
    await this.#shared.sync(0);
    await this.#replayEscrow();
    const ids = registry.all().map(({ id }) => id);
    if (!holder.isSimulated) this.#registration = registerEngine(ids);
    for (const name of ['token:renewed', 'token:obtained', 'token:imported'] as const) {
      events.on(name, ({ account }) => this.#upstreamMoved(account));
    }
  }

  /** One file that cannot be read stops its accounts where they look for it, not all of them. */
  async #replayEscrow(): Promise<void> {
    try {
      await this.#committer.replay((id) => this.#services.registry.byId(id));
    } catch (error) {
      if (!TokenError.is(error) || error.reason !== 'escrow_failed') throw error;
      this.warn('TOKENKEEP_ESCROW_UNREADABLE', error.message);
    }
  }

  /** Said as an event and as a process warning: no listener is attached yet at creation. */
  warn(warning: string, message: string): void {
    const { events, holder } = this.#services;
    events.emit('engine:warning', { warning, message });
    if (holder.isSimulated) return;
    process.emitWarning(message, { type: 'TokenkeepWarning', code: warning });
  }

  get duplicates(): readonly string[] {
    return this.#registration?.twice ?? [];
  }

  async getToken(key: AccountKey, options?: TokenRequestOptions): Promise<AccessToken> {
    const keeper = this.#kept(key) ?? (await this.#sought(key));
    return keeper.getToken(options);
  }

  account(key: AccountKey): AccountHandle {
    let keeper = this.#keeper(key);
    const { id } = keeper.account;
    // Looked up once, and again only where the account was removed.
    const current = () => {
      if (keeper.retired) keeper = this.#keeper(id);
      return keeper;
    };
    return {
      ...accountSummary(keeper.account),
      apiOrigins: keeper.account.provider.profile.apiOrigins,
      getToken: async (options) => {
        this.#refuseIfStopped();
        return current().getToken(options);
      },
      peek: () => (this.#stopping === undefined ? current().peek() : undefined),
      reject: (generation) => current().reject(generation),
    };
  }

  peek(key: AccountKey): AccessToken | undefined {
    return this.#keeper(key).peek();
  }

  async withToken<Result>(
    key: AccountKey,
    use: (token: AccessToken) => Result | Promise<Result>,
    options: WithTokenOptions<Result> = {},
  ): Promise<Result> {
    const { clock, parameters } = this.#services;
    const patience = (signal: AbortSignal) => clock.sleep(parameters.bodyPeekMs, signal);
    return withToken(await this.#sought(key), patience, use, options);
  }

  reject(key: AccountKey, generation: number): void {
    this.#keeper(key).reject(generation);
  }

  renew(key: AccountKey, options?: ActionOptions): Promise<AccessToken> {
    return this.#waitFor('The renewal', () => this.#renew(key), options);
  }

  login(key: AccountKey, { interaction, ...options }: LoginOptions = {}): Promise<AccessToken> {
    if (interaction !== undefined) return this.#loginByPerson(key, interaction, options);
    return this.#waitFor('The login', () => this.#login(key), options);
  }

  rotate(key: AccountKey, options?: ActionOptions): Promise<AccessToken> {
    return this.#waitFor('The rotation', () => this.#rotate(key), options);
  }

  async #renew(key: AccountKey): Promise<AccessToken> {
    const keeper = await this.#seen(key);
    const { generation } = keeper;
    const { error } = await keeper.renew({ kind: 'renew', generation });
    if (error !== undefined) throw error;
    return keeper.getToken();
  }

  async #login(key: AccountKey): Promise<AccessToken> {
    const keeper = await this.#sought(key);
    keeper.beginAnew(await logIn(this.#services, this.#committer, keeper.account));
    return keeper.getToken();
  }

  async #loginByPerson(
    key: AccountKey,
    interaction: LoginInteraction,
    { waitMs = PERSON_WAIT_MS, signal: ofCaller }: ActionOptions,
  ): Promise<AccessToken> {
    const keeper = await this.#sought(key);
    const over = new AbortController();
    const signals = [this.#sessions.signal, over.signal, ...(ofCaller ? [ofCaller] : [])];
    const signal = AbortSignal.any(signals);
    const begin = () => loginByPerson(this.#services, keeper.account, interaction, signal);
    try {
      keeper.beginAnew(await this.#waitFor('The login', begin, { waitMs, signal }));
    } catch (error) {
      this.#refuseIfStopped();
      throw error;
    } finally {
      over.abort(noLongerNeeded);
    }
    this.#scheduler.wake();
    return keeper.getToken();
  }

  async #rotate(key: AccountKey): Promise<AccessToken> {
    const keeper = await this.#seen(key);
    // A renewal that was under way, here or elsewhere, replaces the token but revokes nothing.
    for (let tries = 0; tries < MOST_ROTATION_TRIES; tries += 1) {
      const before = await keeper.getToken();
      if (!keeper.canRotate()) throw nothingToRotate(keeper);
      const end = await keeper.renew({ kind: 'rotation', generation: before.generation });
      if (end.error !== undefined) throw end.error;
      const after = await keeper.getToken();
      if (after.secret.equals(before.secret)) throw nothingToRotate(keeper);
      if (end.renewed && after.generation === before.generation + 1) return after;
    }
    throw new TokenError(
      'WAIT_TIMED_OUT',
      `${keeper.account.id} was renewed by others each time a rotation was tried. Try again.`,
      { retryable: true, account: keeper.account.id },
    );
  }

  async revoke(key: AccountKey): Promise<void> {
    const keeper = await this.#sought(key);
    await this.#revocation.revoke(keeper);
  }

  session(key: AccountKey): TokenSession {
    const { signal } = this.#sessions;
    return new AccountSession(this.#services, this.#revocation, this.#keeper(key), signal);
  }

  async withSession<Result>(
    key: AccountKey,
    use: (session: TokenSession) => Promise<Result>,
  ): Promise<Result> {
    await using session = this.session(key);
    return await use(session);
  }

  async status(key: AccountKey): Promise<AccountStatus> {
    return accountStatus(this.#services, (await this.#sought(key)).account);
  }

  health(): EngineHealth {
    const { clock, store, breakers, registry } = this.#services;
    const records = this.#keepers.all().map(({ found }) => found?.record);
    const count = (test: (record: (typeof records)[number]) => boolean) =>
      records.filter(test).length;
    const needPerson = count((record) => record?.state === 'reauthorization_required');
    const inDoubt = count((record) => record?.sent !== undefined);
    const hosts = breakers.states();
    const wall = (ms: number) => Math.floor(clock.now() + ms - store.estimate().ms);
    const incidents = this.#services.incidents
      .open()
      .map(({ provider, until }) => ({ provider, until: wall(until) }));
    const troubled = incidents.length > 0 || hosts.some(({ state }) => state !== 'closed');
    const failing = !store.reachable || inDoubt > 0 || troubled;
    return {
      state:
        this.#stopping !== undefined
          ? 'dead'
          : needPerson > 0
            ? 'blocked'
            : failing
              ? 'degraded'
              : 'ready',
      store: { name: store.traits.name, reachable: store.reachable },
      schedule: { running: this.#scheduler.running, overdueMs: this.#scheduler.overdueMs },
      breakers: hosts,
      incidents,
      accounts: {
        known: registry.all().length,
        withToken: this.#keepers.all().filter((keeper) => keeper.holdsToken).length,
        inDoubt,
        needPerson,
      },
    };
  }

  start(): void {
    this.#refuseIfStopped();
    this.#scheduler.start();
  }

  async tick(): Promise<{ renewed: number }> {
    this.#refuseIfStopped();
    return { renewed: await this.#scheduler.tick() };
  }

  stop({ deadlineMs }: { deadlineMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs ?? this.#services.parameters.stopMs);
    return this.#stopping;
  }

  on<Name extends EventName>(name: Name, listener: (event: TokenEvents[Name]) => void): Disposable {
    return this.#services.events.on(name, listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Renewals in flight are not cut short: cutting one is what loses a rotation. */
  async #stop(deadlineMs: number): Promise<void> {
    const { clock, store, escrow, elapsed } = this.#services;
    const finished = new AbortController();
    this.#sessions.abort(stopped());
    await this.#watch?.stop().catch(() => {});
    const flights = this.#keepers.landed();
    const landed = Promise.all([this.#scheduler.stop(), flights]).then(() =>
      this.#committer.unsaved(),
    );
    const deadline = clock.sleep(deadlineMs, finished.signal).catch(() => {});
    await Promise.race([landed, deadline]);
    finished.abort();
    this.#committer.stop();
    for (const keeper of this.#keepers.all()) keeper.turnAway(stopped());
    await escrow.close();
    await store.close();
    elapsed[Symbol.dispose]();
    this.#registration?.[Symbol.dispose]();
  }

  #keeper(key: AccountKey): AccountKeeper {
    this.#refuseIfStopped();
    return this.#keepers.of(this.#services.registry.find(key));
  }

  #kept(key: AccountKey): AccountKeeper | undefined {
    this.#refuseIfStopped();
    const account = this.#services.registry.look(key);
    return account === undefined ? undefined : this.#keepers.of(account);
  }

  /** An account this process does not know may have been added to the store by another. */
  async #sought(key: AccountKey): Promise<AccountKeeper> {
    const known = this.#kept(key);
    if (known !== undefined) return known;
    await this.#shared.sync(this.#services.parameters.viewMaxAgeMs);
    return this.#keeper(key);
  }

  #waitFor<Value>(
    what: string,
    begin: () => Promise<Value>,
    options: ActionOptions = {},
  ): Promise<Value> {
    const { clock, parameters } = this.#services;
    return waitFor(clock, begin, what, { waitMs: parameters.flightMs, ...options });
  }

  async #seen(key: AccountKey): Promise<AccountKeeper> {
    const keeper = await this.#sought(key);
    await keeper.look();
    return keeper;
  }

  #refuseIfStopped(): void {
    if (this.#stopping !== undefined) throw stopped();
  }

  #upstreamMoved(id: string): void {
    const { registry } = this.#services;
    const account = registry.byId(id);
    if (account === undefined) return;
    for (const downstream of registry.downstreamOf(account)) {
      makeDue(this.#services, downstream)
        .then(() => this.#scheduler.wake())
        .catch(() => {});
    }
  }
}

function stopped(): TokenError {
  return new TokenError('ENGINE_STOPPED', 'The engine was stopped. Create another one.');
}

function nothingToRotate({ account }: AccountKeeper): TokenError {
  return new TokenError(
    'ROTATION_UNSUPPORTED',
    `${account.id} cannot be rotated: its server hands back the same token, or has no way to ` +
      "revoke one. Nothing was deleted. Where the token is another account's, rotate that one.",
    { account: account.id },
  );
}
