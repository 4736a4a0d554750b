import { setMaxListeners } from 'node:events';
import { randomId } from '../clock/random.js';
import { TokenError } from '../errors/token-error.js';
import type { EscrowEntry } from '../escrow/escrow.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { type AccountRecord, newRecord } from '../store/account-record.js';
import {
  type EditResult,
  type EditRule,
  editRecord,
  type FoundRecord,
} from '../store/edit-record.js';
import { dueOf } from './due-of.js';
import { type FreshTokens, withFreshTokens } from './fresh-tokens.js';
import type { RenewalServices } from './renewal-services.js';
import { retireLateTokens } from './retire-late-tokens.js';

export interface Commit {
  readonly account: KnownAccount;
  /** The generation the new tokens were made from. */
  readonly incarnation: string;
  readonly generation: number;
  /** Whatever the generation is by now, and with a fence of its own: a person's login. */
  readonly preempts: boolean;
  readonly fresh: FreshTokens;
  /** Escrow first: a single-use refresh token was spent for these. */
  readonly escrowFirst: boolean;
  /** The row as it was last seen: saves the first read. */
  readonly from?: FoundRecord;
}

export type CommitEnd =
  | {
      readonly kind: 'committed';
      readonly found: FoundRecord;
      /** When a crash could not lose them any more: in escrow or in the store. Elapsed time. */
      readonly durableAt: number;
      readonly unsaved?: Promise<void>;
    }
  /** Another life of the account began, or somebody renewed: these tokens came too late. */
  | { readonly kind: 'superseded'; readonly found: FoundRecord };

/**
 * Makes new tokens durable. The condition is (incarnation, generation) alone: a holder that lost
 * its lease still carries the only living pair, so it must win. With the store down, the pair is
 * in escrow, callers are served, and the commit goes on behind their backs.
 */
export class Committer {
  readonly #unsaved = new Map<string, Promise<void>>();
  /** When a pair that had waited in escrow was out of it, on the line of elapsed time. */
  readonly #savedAt = new Map<string, number>();
  readonly #stopped = new AbortController();

  constructor(private readonly services: RenewalServices) {
    // In an outage every renewal that is under way sleeps on it, and Node would warn of a leak.
    setMaxListeners(Number.POSITIVE_INFINITY, this.#signal);
  }

  /** Pairs that only escrow has. */
  unsaved(): Promise<unknown> {
    return Promise.allSettled(this.#unsaved.values());
  }

  /** What was read before says nothing of that pair. */
  savedAt(id: string): number {
    return this.#savedAt.get(id) ?? Number.NEGATIVE_INFINITY;
  }

  isUnsaved(id: string): boolean {
    return this.#unsaved.has(id);
  }

  /** Ends the retrying; what is in escrow is replayed at the next start. */
  stop(): void {
    this.#stopped.abort(new TokenError('ENGINE_STOPPED', 'The engine was stopped.'));
  }

  async commit(commit: Commit): Promise<CommitEnd> {
    const { probe, elapsed } = this.services;
    let escrowed = commit.escrowFirst ? await this.#escrow(commit) : false;
    let durableAt = escrowed ? elapsed.now() : undefined;
    if (escrowed) probe('CP7');
    for (let { from } = commit; ; from = undefined) {
      try {
        probe('CP8');
        const written = await this.#write(commit, from);
        durableAt ??= elapsed.now();
        return await this.#judge(commit, written, escrowed, durableAt);
      } catch (error) {
        if (!isOutage(error)) throw error;
        escrowed ||= await this.#escrow(commit);
        if (escrowed) return this.#saveLater(commit, durableAt ?? elapsed.now());
        // Durable nowhere: nobody is served, and both are tried again.
        await this.services.clock.sleep(this.services.parameters.commitRetryMs, this.#signal);
      }
    }
  }

  /**
   * Puts what processes left in escrow where it belongs, or throws it away as stale.
   *
   * @returns whether anything was put where it belongs
   */
  async replay(find: (id: string) => KnownAccount | undefined): Promise<boolean> {
    const { escrow, events } = this.services;
    let replayed = false;
    for (const entry of await escrow.entries()) {
      const account = find(entry.account);
      if (account === undefined || this.#unsaved.has(entry.account)) continue;
      const { incarnation, generation, attemptId } = entry;
      const facts = { account: account.id, provider: account.provider.id, attemptId };
      try {
        const fresh = JSON.parse(entry.record) as FreshTokens;
        const commit = {
          account,
          incarnation,
          generation,
          fresh,
          preempts: false,
          escrowFirst: false,
        };
        const written = await this.#write(commit);
        if (entry.ownerMayLive && !written.done) continue;
        const end = await this.#judge(commit, written, false, this.services.elapsed.now());
        await escrow.remove(attemptId).catch(() => {});
        replayed ||= end.kind === 'committed';
        const name = end.kind === 'committed' ? 'escrow:replayed' : 'escrow:discarded';
        events.emit(name, { ...facts, generation: fresh.generation });
      } catch (error) {
        // A row or an entry that nobody can read: kept for the operator. It stops its account only.
        if (!TokenError.is(error, 'RECORD_UNREADABLE') && !(error instanceof SyntaxError))
          throw error;
      }
    }
    return replayed;
  }

  #write(
    { account, incarnation, generation, fresh, preempts }: Commit,
    from?: FoundRecord,
  ): Promise<EditResult> {
    const rule: EditRule = (found) => {
      const { record, row } = found;
      if (record?.incarnation !== incarnation) return;
      if (record.generation !== generation && !preempts) return;
      const next = withFreshTokens(record, fresh);
      const due = dueOf(this.services, account, next);
      const fence = (row?.fence ?? 0) + (preempts ? 1 : 0);
      return { record: next, due, fence, lease: 'release' };
    };
    return editRecord(this.services.store, account.id, rule, from);
  }

  async #judge(
    { account, fresh }: Commit,
    result: EditResult,
    escrowed: boolean,
    durableAt: number,
  ): Promise<CommitEnd> {
    const { record } = result.found;
    const ours = record?.committedBy === fresh.committedBy;
    if (escrowed) await this.services.escrow.remove(fresh.committedBy).catch(() => {});
    if (!result.done && !ours) await retireLateTokens(this.services, account, record, fresh);
    // An acknowledgement may have been lost: the record itself says whose reply it holds.
    const { found } = result;
    return result.done || ours
      ? { kind: 'committed', found, durableAt }
      : { kind: 'superseded', found };
  }

  async #escrow(commit: Commit): Promise<boolean> {
    const { escrow, events } = this.services;
    const { account, incarnation, generation, fresh } = commit;
    const entry: EscrowEntry = {
      attemptId: fresh.committedBy,
      account: account.id,
      incarnation,
      generation,
      record: JSON.stringify(fresh),
    };
    try {
      const kept = await escrow.put(entry);
      if (kept === false) return false;
      events.emit('escrow:written', {
        account: account.id,
        provider: account.provider.id,
        generation: fresh.generation,
        attemptId: fresh.committedBy,
      });
      return true;
    } catch {
      return false;
    }
  }

  #saveLater(commit: Commit, durableAt: number): CommitEnd {
    const { id } = commit.account;
    const saving = this.#retry(commit)
      .catch(() => {})
      .finally(() => {
        if (this.#unsaved.get(id) !== saving) return;
        this.#unsaved.delete(id);
        this.#savedAt.set(id, this.services.elapsed.now());
      });
    this.#unsaved.set(id, saving);
    const record = withFreshTokens(placeholder(commit), commit.fresh);
    const time = this.services.store.estimate();
    const found = { row: undefined, record, time };
    return { kind: 'committed', found, durableAt, unsaved: saving };
  }

  async #retry(commit: Commit): Promise<void> {
    const { clock, parameters } = this.services;
    for (;;) {
      await clock.sleep(parameters.commitRetryMs, this.#signal);
      try {
        const written = await this.#write(commit);
        await this.#judge(commit, written, true, this.services.elapsed.now());
        return;
      } catch (error) {
        if (!isOutage(error)) throw error;
      }
    }
  }

  get #signal(): AbortSignal {
    return this.#stopped.signal;
  }
}

function placeholder({ incarnation, generation }: Commit): AccountRecord {
  return { ...newRecord(incarnation), generation };
}

function isOutage(error: unknown): boolean {
  return TokenError.is(error) && error.code.startsWith('STORE_');
}

export function newAttemptId(services: Pick<RenewalServices, 'random'>): string {
  return randomId(services.random, 9);
}
