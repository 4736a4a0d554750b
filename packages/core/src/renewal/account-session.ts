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
  readonly #id: string;
  readonly #stop = new AbortController();
  #joined: Promise<void> | undefined;

  constructor(
    private readonly services: RenewalServices,
    private readonly revocation: Revocation,
    private readonly keeper: AccountKeeper,
  ) {
    this.#id = randomId(services.random, 8);
  }

  async getToken(options?: TokenRequestOptions): Promise<AccessToken> {
    this.#joined ??= this.#join();
    await this.#joined;
    return this.keeper.getToken(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    if (this.#joined === undefined) return;
    await this.#joined.catch(() => {});
    const { account } = this.keeper;
    const left = await this.#change((sessions) => sessions.filter(({ id }) => id !== this.#id));
    const { record, time } = left;
    const last = !record?.sessions.some(({ until }) => until > time.ms);
    if (account.provider.revoke === undefined || record?.access === undefined || !last) return;
    this.keeper.takeOver(await this.revocation.endSession(account, record));
  }

  async #join(): Promise<void> {
    await this.#renewLease();
    this.#beat().catch(() => {});
  }

  async #beat(): Promise<void> {
    const { clock, parameters } = this.services;
    for (;;) {
      await clock.sleep(parameters.sessionLeaseMs / 3, this.#stop.signal);
      await this.#renewLease().catch(() => {});
    }
  }

  #renewLease(): Promise<FoundRecord> {
    const { parameters } = this.services;
    return this.#change((sessions, now) => [
      ...sessions.filter(({ id, until }) => id !== this.#id && until > now),
      { id: this.#id, until: now + parameters.sessionLeaseMs },
    ]);
  }

  async #change(
    change: (sessions: readonly SessionLease[], now: number) => readonly SessionLease[],
  ): Promise<FoundRecord> {
    const { store, random } = this.services;
    const account: KnownAccount = this.keeper.account;
    const { found } = await editRecord(store, account.id, ({ record, time, row }) => {
      const current: AccountRecord = record ?? newIdle(nextIncarnation(undefined, random));
      const next = { ...current, sessions: change(current.sessions, time.ms) };
      const due = row === undefined ? undefined : dueOf(this.services, account, next);
      return { record: next, due };
    });
    return found;
  }
}

/** A session opens an account without wanting a token yet. */
function newIdle(incarnation: string): AccountRecord {
  return { ...newRecord(incarnation), state: 'idle' };
}
