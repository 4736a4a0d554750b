import type { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { LiveTokens } from '../provider/token-provider.js';
import { type AccountRecord, newRecord, type RetiringTokens } from '../store/account-record.js';
import { editRecord, type FoundRecord, loadRecord } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import { dueOf } from './due-of.js';
import { providerError } from './provider-error.js';
import { callProvider } from './provider-operation.js';
import type { RenewalServices } from './renewal-services.js';
import { retiringTokens } from './retiring-tokens.js';

/**
 * Ending tokens. The record forgets them first, so that nothing hands them out and nothing brings
 * them back; then the server is told, with bounded retries that survive the process.
 */
export class Revocation {
  constructor(private readonly services: RenewalServices) {}

  /** A tombstone: written over whatever goes on, without a claim. Idempotent. */
  async revoke(account: KnownAccount, reason = 'revoked'): Promise<FoundRecord> {
    const { store, random } = this.services;
    await editRecord(store, account.id, (found) => {
      if (found.record?.state === 'revoked') return;
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
    await this.retire(account);
    return loadRecord(store, account.id);
  }

  /**
   * The account's own session is over: its tokens are ended, and the account waits idle until
   * somebody asks for a token again.
   */
  async endSession(account: KnownAccount, record: AccountRecord): Promise<FoundRecord> {
    const { store } = this.services;
    const { incarnation, generation } = record;
    const result = await editRecord(store, account.id, (found) => {
      const current = found.record;
      if (current?.incarnation !== incarnation || current.generation !== generation) return;
      if (current.sessions.some(({ until }) => until > found.time.ms)) return;
      const retiring = this.#retiring(account, current, found.time.ms);
      const idle: AccountRecord = {
        ...withoutTokens(current),
        generation: generation + 1,
        state: 'idle',
        sessionEnded: true,
        sessions: [],
        retiring: [...current.retiring, ...retiring],
      };
      return { record: idle, due: dueOf(this.services, account, idle), lease: 'release' };
    });
    await this.retire(account);
    return result.found;
  }

  /** Tells the server about every token whose time to be ended has come. */
  async retire(account: KnownAccount): Promise<void> {
    const { store } = this.services;
    const { record, time } = await loadRecord(store, account.id);
    for (const entry of record?.retiring ?? []) {
      if (entry.after > time.ms) continue;
      const { upstream } = entry;
      const kept = upstream !== undefined && (await this.#isShared(account, upstream));
      const error = kept ? undefined : await this.#end(account, entry);
      await this.#settle(account, entry, error, kept);
    }
  }

  async #end(account: KnownAccount, entry: RetiringTokens): Promise<TokenError | undefined> {
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
    const { call, issued } = await callProvider(services, account, {
      rotating: false,
      admit: async () => {},
      run: async (call) => provider.revoke?.(tokens, call),
    });
    if (!issued.ok) {
      const spoken = Object.values(tokens).filter((token) => token !== undefined);
      return providerError(provider.id, issued.error, [...call.secrets, ...spoken]);
    }
    if (entry.upstream !== undefined) await services.upstreams.end(entry.upstream);
    return undefined;
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
    if (owner?.sessions.some(({ until }) => until > time.ms)) return true;
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
