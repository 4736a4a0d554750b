import { randomId } from '../clock/random.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { type AccountRecord, newRecord, type SessionLease } from '../store/account-record.js';
import { editRecord, type FoundRecord } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import type { AccessToken } from '../token/access-token.js';
import type { AccountKeeper, TokenRequestOptions } from './account-keeper.js';
import { dueOf } from './due-of.js';
import type { RenewalServices } from './renewal-services.js';
import type { Revocation } from './revocation.js';

/**
 * The use of an account for a while: `await using session = engine.session('shop')`. When the
 * last user anywhere in the fleet is done, the tokens are revoked at the server.
 */
export interface TokenSession extends AsyncDisposable {
  getToken(options?: TokenRequestOptions): Promise<AccessToken>;
}

/** Holders are leased in the record, so that one that died does not keep the session alive. */
export class AccountSession implements TokenSession {
  // Hidden from printing: from here a way leads to the credentials in the options.
  readonly #services: RenewalServices;
  readonly #revocation: Revocation;
  readonly #keeper: AccountKeeper;
  readonly #stopping: AbortSignal;
  readonly #id: string;
  readonly #ended = new AbortController();
  readonly #asking = new Set<Promise<unknown>>();
  #joined: Promise<void> | undefined;

  constructor(
    services: RenewalServices,
    revocation: Revocation,
    keeper: AccountKeeper,
    stopping: AbortSignal,
  ) {
    this.#services = services;
    this.#revocation = revocation;
    this.#keeper = keeper;
    this.#stopping = stopping;
    this.#id = randomId(services.random, 8);
  }

  async getToken(options?: TokenRequestOptions): Promise<AccessToken> {
    if (this.#ended.signal.aborted) throw ended(this.#keeper.account);
    this.#stopping.throwIfAborted();
    const asked = this.#ask(options);
    this.#asking.add(asked);
    return asked.finally(() => this.#asking.delete(asked));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    // A token that came after the end would be nobody's to revoke.
    await Promise.allSettled(this.#asking);
    if (this.#joined === undefined || this.#stopping.aborted) return;
    await this.#joined.catch(() => {});
    const { account } = this.#keeper;
    const left = await this.#change((sessions) => sessions.filter(({ id }) => id !== this.#id));
    const { record, time } = left;
    const last = !record?.sessions.some(({ until }) => until > time.ms);
    if (account.provider.revoke === undefined || record === undefined || !last) return;
    // Where everybody stopped waiting a login may still be under way: it comes too late then.
    if (record.access === undefined && !this.#keeper.flying) return;
    this.#keeper.takeOver(await this.#revocation.endSession(account, record));
  }

  async #ask(options?: TokenRequestOptions): Promise<AccessToken> {
    this.#joined ??= this.#join();
    await this.#joined;
    return this.#keeper.getToken(options);
  }

  async #join(): Promise<void> {
    try {
      await this.#renewLease();
    } catch (error) {
      this.#joined = undefined;
      throw error;
    }
    this.#beat().catch(() => {});
  }

  async #beat(): Promise<void> {
    const { clock, parameters } = this.#services;
    const either = AbortSignal.any([this.#ended.signal, this.#stopping]);
    for (;;) {
      await clock.sleep(parameters.sessionLeaseMs / 3, either);
      await this.#renewLease().catch(() => {});
    }
  }

  #renewLease(): Promise<FoundRecord> {
    const { parameters } = this.#services;
    return this.#change((sessions, now) => {
      const others = sessions.filter(({ id, until }) => id !== this.#id && until > now);
      // A beat on its way when the session ended must not bring it back.
      if (this.#ended.signal.aborted) return others;
      return [...others, { id: this.#id, until: now + parameters.sessionLeaseMs }];
    });
  }

  async #change(
    change: (sessions: readonly SessionLease[], now: number) => readonly SessionLease[],
  ): Promise<FoundRecord> {
    const { store, random } = this.#services;
    const account: KnownAccount = this.#keeper.account;
    const { found } = await editRecord(store, account.id, ({ record, time, row }) => {
      const current: AccountRecord = record ?? newIdle(nextIncarnation(undefined, random));
      const next = { ...current, sessions: change(current.sessions, time.ms) };
      const due = row === undefined ? undefined : dueOf(this.#services, account, next);
      return { record: next, due };
    });
    return found;
  }
}

function ended({ id }: KnownAccount): TypeError {
  return new TypeError(`This session of ${id} has ended. Make a new one with engine.session().`);
}

/** A session opens an account without wanting a token yet. */
function newIdle(incarnation: string): AccountRecord {
  return { ...newRecord(incarnation), state: 'idle' };
}
