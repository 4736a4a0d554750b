import type { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { upstreamNameOf } from '../provider/account-view.js';
import type { LiveTokens } from '../provider/token-provider.js';
import { type AccountRecord, newRecord, type RetiringTokens } from '../store/account-record.js';
import {
  type EditRule,
  editRecord,
  type FoundRecord,
  loadRecord,
  type RecordEdit,
} from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import type { StoreTime } from '../store/token-store.js';
import { type CredentialsAtHand, credentialsAtHand } from './credentials-source.js';
import { dueOf } from './due-of.js';
import { livingLeases } from './living-leases.js';
import { providerError } from './provider-error.js';
import { callProvider } from './provider-operation.js';
import type { RenewalServices } from './renewal-services.js';
import { retiringTokens } from './retiring-tokens.js';

/** The account as this process keeps it: it learns of an end before the server does. */
interface KeptAccount {
  readonly account: KnownAccount;
  readonly flying: boolean;
  /** Sessions of this process that are in use: late as their heartbeat may be, they live. */
  readonly sessions: ReadonlySet<string>;
  takeOver(found: FoundRecord): void;
}

/**
 * Ending tokens. The record forgets them first, so that nothing hands them out and nothing brings
 * them back; then the server is told, with bounded retries that survive the process.
 */
export class Revocation {
  constructor(private readonly services: RenewalServices) {}

  /** A tombstone: written over whatever goes on, without a claim. Idempotent. */
  async revoke(keeper: KeptAccount, reason = 'revoked'): Promise<void> {
    const { store, random } = this.services;
    const { account } = keeper;
    const { found } = await editRecord(store, account.id, (found) => {
      if (found.record?.state === 'revoked') {
        // Revoked first and removed later, it is removed.
        if (reason === 'revoked' || found.record.reason === reason) return;
        return { record: { ...found.record, reason }, due: found.row?.due };
      }
      const record = found.record ?? newRecord(nextIncarnation(undefined, random));
      const incarnation = nextIncarnation(record.incarnation, random);
      const retiring = this.#retiring(account, record, found.time.ms);
      const tombstone: AccountRecord = {
        ...withoutTokens(record),
        incarnation,
        generation: record.generation + 1,
        state: 'revoked',
        reason,
        sessions: [],
        retiring: [...record.retiring, ...retiring],
      };
      const fence = (found.row?.fence ?? 0) + 1;
      const due = dueOf(this.services, account, tombstone);
      return { record: tombstone, due, fence, lease: 'release' };
    });
    keeper.takeOver(found);
    await this.retire(account);
  }

  /**
   * A holder of the account's own session is done. With the last one the session ends, in the same
   * edit: a failure in between would leave tokens that nobody ends.
   */
  async leaveSession(keeper: KeptAccount, id: string): Promise<void> {
    const { account } = keeper;
    let held = false;
    const { found } = await editRecord(this.services.store, account.id, ({ record, time }) => {
      if (record === undefined) return;
      const living = livingLeases(this.services, record.sessions, time);
      const others = living.filter((lease) => lease.id !== id);
      held = others.length > 0 || keeper.sessions.size > 0;
      // Where everybody stopped waiting a login may still be under way: it comes too late then.
      const begun = record.access !== undefined || (keeper.flying && record.state !== 'revoked');
      if (account.provider.revoke !== undefined && begun && !held)
        return this.#end(account, record, time);
      const left = { ...record, sessions: others };
      return { record: left, due: dueOf(this.services, account, left) };
    });
    keeper.takeOver(found);
    if (!held) await this.retire(account);
  }

  /**
   * Ends the session whose holders are all gone, none of them having ended it.
   *
   * @returns whether it was so; a row claimed for it is released then
   */
  async endAbandonedSession(keeper: KeptAccount, seen: FoundRecord): Promise<boolean> {
    const { account } = keeper;
    const rule: EditRule = ({ record, time }) => {
      if (record?.access === undefined || record.sent !== undefined) return;
      const held = livingLeases(this.services, record.sessions, time).length > 0;
      if (record.sessions.length === 0 || held || keeper.sessions.size > 0) return;
      return this.#end(account, record, time);
    };
    if (account.provider.revoke === undefined) return false;
    const { done, found } = await editRecord(this.services.store, account.id, rule, seen);
    if (!done) return false;
    keeper.takeOver(found);
    await this.retire(account);
    return true;
  }

  /** Tells the server about every token whose time to be ended has come. */
  async retire(account: KnownAccount): Promise<void> {
    const { store } = this.services;
    const { record, time } = await loadRecord(store, account.id);
    for (const entry of record?.retiring ?? []) {
      if (entry.after > time.ms) continue;
      const { upstream } = entry;
      const kept = upstream !== undefined && (await this.#isShared(account, upstream));
      const error = kept ? undefined : await this.#revokeAtServer(account, entry);
      await this.#settle(account, entry, error, kept);
    }
  }

  /** The account waits idle until somebody asks for a token again. */
  #end(account: KnownAccount, record: AccountRecord, time: StoreTime): RecordEdit {
    const retiring = this.#retiring(account, record, time.ms);
    const idle: AccountRecord = {
      ...withoutTokens(record),
      generation: record.generation + 1,
      state: 'idle',
      sessionEnded: true,
      sessions: [],
      retiring: [...record.retiring, ...retiring],
    };
    return { record: idle, due: dueOf(this.services, account, idle), lease: 'release' };
  }

  async #revokeAtServer(
    account: KnownAccount,
    entry: RetiringTokens,
  ): Promise<TokenError | undefined> {
    const { services } = this;
    const { provider } = account;
    if (provider.revoke === undefined) return undefined;
    let tokens: LiveTokens;
    try {
      const { access, refresh } = services.tokens.openRetiring(account.id, entry);
      tokens = {
        ...(access === undefined ? {} : { accessToken: access }),
        ...(refresh === undefined ? {} : { refreshToken: refresh }),
      };
    } catch (error) {
      return error as TokenError;
    }
    const { resolved: credentials, error } = await this.#credentialsOf(account);
    const { call, issued } = await callProvider(services, account, {
      rotating: false,
      credentials,
      credentialsError: error,
      admit: async () => {},
      run: async (call) => provider.revoke?.(tokens, call, credentials?.value),
    });
    if (!issued.ok) {
      const spoken = Object.values(tokens).filter((token) => token !== undefined);
      const secrets = [...call.secrets, ...spoken, ...(credentials?.secrets ?? [])];
      return providerError(provider.id, issued.error, secrets);
    }
    if (entry.upstream !== undefined) await services.upstreams.end(entry.upstream);
    return undefined;
  }

  /** A client that authenticates is a part of them (RFC 7009 section 2.1). */
  async #credentialsOf(account: KnownAccount): Promise<CredentialsAtHand> {
    // Another account's token may be what is being ended: it is not renewed for this.
    if (upstreamNameOf(account.config) !== undefined) return {};
    return credentialsAtHand(this.services, account);
  }

  /** Removes what is done, or says when it is tried again; gives up after some tries. */
  async #settle(
    account: KnownAccount,
    { id, generation }: RetiringTokens,
    error: TokenError | undefined,
    kept: boolean,
  ): Promise<void> {
    const { store, parameters: p, events } = this.services;
    const facts = { account: account.id, provider: account.provider.id, generation };
    let abandoned = false;
    await editRecord(store, account.id, ({ record, time }) => {
      const entry = record?.retiring.find((candidate) => candidate.id === id);
      if (record === undefined || entry === undefined) return;
      const attempts = entry.attempts + 1;
      abandoned = error !== undefined && attempts >= p.revokeAttempts;
      const waitMs = Math.min(p.backoffMaxMs, p.gapMs * 2 ** attempts);
      const later = { ...entry, attempts, after: time.ms + waitMs };
      const others = record.retiring.filter((candidate) => candidate.id !== id);
      const kept = error === undefined || abandoned ? others : [...others, later];
      const next = { ...record, retiring: kept };
      return { record: next, due: dueOf(this.services, account, next) };
    });
    if (kept) return;
    if (error === undefined) events.emit('token:revoked', facts);
    else if (abandoned) events.emit('revocation:abandoned', { ...facts, error });
  }

  /** Somebody uses the upstream account, or another account lives on the same token of it. */
  async #isShared(
    account: KnownAccount,
    upstream: NonNullable<RetiringTokens['upstream']>,
  ): Promise<boolean> {
    const { registry, store } = this.services;
    const { record: owner, time } = await loadRecord(store, upstream.account);
    if (livingLeases(this.services, owner?.sessions ?? [], time).length > 0) return true;
    const others = registry.downstreamOf(registry.find(upstream.account));
    for (const other of others) {
      if (other.id === account.id) continue;
      const { record } = await loadRecord(store, other.id);
      const same =
        record?.upstream?.incarnation === upstream.incarnation &&
        record.upstream.generation === upstream.generation;
      if (same && record?.state === 'live' && record.access?.sharesUpstream) return true;
    }
    return false;
  }

  #retiring(account: KnownAccount, record: AccountRecord, after: number): RetiringTokens[] {
    const { tokens } = this.services;
    if (account.provider.revoke === undefined || record.access === undefined) return [];
    try {
      const access = tokens.openAccess(account.id, record)?.token;
      const refresh = tokens.openRefresh(account.id, record);
      const secrets = {
        ...(access === undefined ? {} : { access }),
        ...(refresh === undefined ? {} : { refresh }),
      };
      return [retiringTokens(this.services, account.id, record, secrets, after)];
    } catch {
      // A record that does not open cannot be revoked at the server; here it still is.
      return [];
    }
  }
}

function withoutTokens(record: AccountRecord): AccountRecord {
  const { access, refresh, sent, upstream, rotateAt, reason, ...rest } = record;
  return rest;
}
