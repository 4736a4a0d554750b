import { randomId } from '../clock/random.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { type AccountRecord, newRecord } from '../store/account-record.js';
import { editRecord } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import type { AccessToken } from '../token/access-token.js';
import type { AccountKeeper, TokenRequestOptions } from './account-keeper.js';
import { dueOf } from './due-of.js';
import { livingLeases } from './living-leases.js';
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
  #leaving: Promise<void> | undefined;

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

  /** Where the store fails it may be called again; until it succeeded, the lease still stands. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#leaving ??= this.#leave().catch((error) => {
      this.#leaving = undefined;
      throw error;
    });
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    // A token that came after the end would be nobody's to revoke.
    await Promise.allSettled(this.#asking);
    this.#keeper.sessions.delete(this.#id);
    if (this.#joined === undefined || this.#stopping.aborted) return;
    await this.#revocation.leaveSession(this.#keeper, this.#id);
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
    this.#keeper.sessions.add(this.#id);
    this.#beat().catch(() => {});
  }

  async #beat(): Promise<void> {
    const { clock, elapsed, parameters } = this.#services;
    const over = AbortSignal.any([this.#ended.signal, this.#stopping]);
    const renew = () => this.#renewLease().catch(() => {});
    using _resume = elapsed.onSuspend(renew);
    for (;;) {
      await clock.sleep(parameters.sessionLeaseMs / 3, over);
      await renew();
    }
  }

  async #renewLease(): Promise<void> {
    const { store, random, parameters } = this.#services;
    const { account } = this.#keeper;
    await editRecord(store, account.id, ({ record, time, row }) => {
      // A beat on its way when the session ended must not bring it back.
      if (this.#ended.signal.aborted) return;
      const current = record ?? newIdle(nextIncarnation(undefined, random));
      const living = livingLeases(this.#services, current.sessions, time);
      const others = living.filter(({ id }) => id !== this.#id);
      const ours = { id: this.#id, until: time.ms + parameters.sessionLeaseMs };
      const next = { ...current, sessions: [...others, ours] };
      const due = row === undefined ? undefined : dueOf(this.#services, account, next);
      return { record: next, due };
    });
  }
}

function ended({ id }: KnownAccount): TypeError {
  return new TypeError(`This session of ${id} has ended. Make a new one with engine.session().`);
}

/** A session opens an account without wanting a token yet. */
function newIdle(incarnation: string): AccountRecord {
  return { ...newRecord(incarnation), state: 'idle' };
}
