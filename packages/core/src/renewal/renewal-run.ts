import { type GuardRequest, judge } from '../guard/guard.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { type AccountRecord, newRecord, type UpstreamToken } from '../store/account-record.js';
import { type FoundRecord, loadRecord } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import type { StoreTime } from '../store/token-store.js';
import { Attempt, type AttemptEnd } from './attempt.js';
import { Claim, ClaimLost } from './claim.js';
import type { Committer } from './commit.js';
import { canLogIn, credentialsAtHand, type ResolvedCredentials } from './credentials-source.js';
import { dueOf } from './due-of.js';
import {
  accountRevoked,
  noCredentials,
  personNeeded,
  upstreamKept,
  upstreamStays,
} from './no-token.js';
import type { PacePlace } from './pace-rows.js';
import { preparedRecord } from './prepared-record.js';
import type { RenewalOutcome } from './renewal-outcome.js';
import {
  accessServes,
  type Decision,
  decideRenewal,
  isForced,
  type Situation,
} from './renewal-policy.js';
import type { RenewalServices } from './renewal-services.js';
import { RunRefusals } from './run-refusals.js';
import { situationOf } from './situation.js';
import type { Trigger } from './trigger.js';
import { reviewed } from './void-verdict.js';

/** More rounds than this in one run is a bug: the ladder has three rungs. */
const MOST_ROUNDS = 12;

/**
 * One run of a renewal: it looks, decides and takes one step, until there is nothing left to do.
 */
export class RenewalRun {
  claim: Claim | undefined;
  /** When the row was read that this run began with; `undefined`: it begins with a look. */
  leasedAt: number | undefined;
  /** A turn in the provider's pace, where it has one: for one request. */
  place: PacePlace | undefined;
  #released = false;
  #upstreamTried = false;
  #escrowSearched = false;
  readonly #refusals: RunRefusals;

  constructor(
    private readonly services: RenewalServices,
    private readonly committer: Committer,
    private readonly account: KnownAccount,
    private readonly trigger: Trigger,
    private readonly check: (found: FoundRecord, readAt: number) => void,
  ) {
    this.#refusals = new RunRefusals(services, account);
  }

  async toEnd(): Promise<RenewalOutcome> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      try {
        const outcome = await this.#round();
        if (outcome !== undefined) return outcome;
      } catch (error) {
        if (!(error instanceof ClaimLost)) throw error;
        this.claim = undefined;
      }
    }
    throw new Error(`The renewal of ${this.account.id} did not come to an end.`);
  }

  /** Gives the row back as it stands, with its next due time. */
  async letGo(): Promise<void> {
    this.place?.leave(false);
    if (this.claim === undefined || this.#released) return;
    this.#released = true;
    // Never due again at once: a row that is due and has nothing to do would be claimed in a loop.
    const soonest = this.services.store.estimate().ms + this.services.parameters.gapMs;
    const due = (record: AccountRecord) => {
      const at = this.#due(record);
      return at === undefined ? undefined : Math.max(at, soonest, this.#refusals.until);
    };
    await this.claim.write({ change: (record) => record, due, release: true }).catch(() => {});
  }

  /** One look and one step; `undefined`: the record changed, look again. */
  async #round(): Promise<RenewalOutcome | undefined> {
    const { services, account } = this;
    const found = await this.#look();
    const held = this.#heldByAnother(found);
    if (held !== undefined) return held;
    if (await this.#foundInEscrow(found)) return undefined;
    if (await this.#verdictChanged(found)) return undefined;
    const record = this.#prepared(found.record ?? this.#newRecord(), found.time);
    const credentials = await this.#credentialsIfLatched(record);
    const { time } = found;
    const situation = situationOf(services, account, this.trigger, record, time, credentials);
    const decision = decideRenewal(situation);
    switch (decision.step) {
      case 'nothing':
        return this.#refusals.failure === undefined
          ? { kind: 'settled', found }
          : this.#refusals.failed(found, this.#refusals.failure);
      case 'wait':
        return {
          kind: 'waiting',
          found,
          waitMs: decision.untilMs - found.time.ms,
          reason: decision.reason,
        };
      case 'refuse':
        return this.#refusals.failed(found, accountRevoked(account));
      case 'reauthorize':
        return this.#reauthorize(found, record, decision.reason);
      default:
        return this.#send(found, situation, decision, credentials);
    }
  }

  /** From a record of a store that was rolled back nothing is sent: its refresh token was used. */
  async #look(): Promise<FoundRecord> {
    const { store, elapsed, parameters } = this.services;
    const readAt = this.leasedAt ?? elapsed.now();
    const isKnown = this.claim !== undefined && this.leasedAt === undefined;
    this.leasedAt = undefined;
    const found = this.claim?.found ?? (await loadRecord(store, this.account.id));
    if (isKnown) return found;
    try {
      this.check(found, readAt);
      return found;
    } catch (error) {
      this.#refusals.until = found.time.ms + parameters.backoffMaxMs;
      throw error;
    }
  }

  /** Whoever sent may have left the missed pair in escrow: looked for before all else is tried. */
  async #foundInEscrow({ record }: FoundRecord): Promise<boolean> {
    if (this.#escrowSearched || record?.sent === undefined) return false;
    this.#escrowSearched = true;
    const { account } = this;
    const replayed = await this.committer.replay((id) => (id === account.id ? account : undefined));
    // The commit released the row.
    if (replayed) this.claim = undefined;
    return replayed;
  }

  /**
   * A verdict that was given while many accounts were refused is looked at again, until it is
   * void or has lasted.
   */
  async #verdictChanged(found: FoundRecord): Promise<boolean> {
    const { services, account } = this;
    const { record } = found;
    const { refused } = record?.guard ?? {};
    if (record === undefined || refused === undefined || refused.believed.length === 0) {
      return false;
    }
    const review = await services.incidents.review(account, refused.at);
    if (review.kind === 'open') {
      // Nothing else is to be done for it meanwhile; an account that can still log in goes on.
      if (record.state === 'reauthorization_required') this.#refusals.until = review.retryAt;
      return false;
    }
    if (!(await this.#claimed(found, record))) return true;
    const change = (current: AccountRecord) => reviewed(current, review);
    await (this.claim as Claim).write({ change, due: this.#due });
    return true;
  }

  async #send(
    found: FoundRecord,
    situation: Situation,
    decision: Decision & { step: 'refresh' | 'obtain' },
    known: ResolvedCredentials | undefined,
  ): Promise<RenewalOutcome | undefined> {
    const { services, account, trigger } = this;
    const { record } = situation;
    const request = this.#guardRequest(situation, decision);
    const now = found.time.ms;
    const verdict = judge(record.guard, { ...request, now }, services.parameters);
    if (!verdict.allowed) {
      if (!(await this.#refusalKept(found, record))) return undefined;
      return this.#refusals.guardRefused(found, record, verdict);
    }
    const { refused } = record.guard;
    const ask = {
      operation: decision.step,
      refused: refused !== undefined && refused.believed.length === 0,
      urgent: trigger.kind !== 'schedule' && !accessServes(situation),
    };
    const held = await services.incidents.refusal(account, ask);
    if (held !== undefined) return this.#refusals.incidentHeld(found, held);
    const replaced = await this.#sharedTokenReplaced(record);
    if (!replaced) return this.#refusals.failed(found, upstreamKept(account));
    const { resolved: credentials, error } =
      known === undefined ? await credentialsAtHand(services, account) : { resolved: known };
    if (decision.step === 'obtain') {
      if (error !== undefined) return this.#refusals.withoutCredentials(found, error);
      if (!canLogIn(account, credentials)) {
        return this.#withoutLogin(found, record, decision.otherwise);
      }
    }
    const spent = await services.budgets.refusal(account, decision.step, credentials?.value);
    if (spent !== undefined) return this.#refusals.budgetRefused(found, spent);
    const turn = await this.#turn(found, record);
    if (turn !== 'now') return turn === 'later' ? undefined : turn;

    services.probe('CP0');
    if (!(await this.#claimed(found, record))) return undefined;
    const claim = this.claim as Claim;
    const attempt = new Attempt(services, this.committer, {
      account,
      claim,
      operation: decision.step,
      resend: decision.step === 'refresh' && decision.resend,
      trigger: trigger.kind,
      credentials,
      credentialsError: error,
      request,
      ask,
    });
    const { place } = this;
    this.place = undefined;
    let end: AttemptEnd;
    try {
      end = await attempt.run();
    } finally {
      place?.leave(true);
    }
    return this.#ended(end, credentials?.upstream?.token);
  }

  /**
   * Waits for the provider's pace, before the row is claimed: a lease is for asking, not for
   * queueing. `later`: the turn has come, and the record may have changed meanwhile.
   */
  async #turn(
    found: FoundRecord,
    record: AccountRecord,
  ): Promise<'now' | 'later' | RenewalOutcome> {
    const { services, account } = this;
    const { clock, paces, parameters } = services;
    if (this.place !== undefined) {
      // A turn that the schedule has taken is at most a moment ahead.
      if (this.claim !== undefined && this.place.waitMs > 0) await clock.sleep(this.place.waitMs);
      return 'now';
    }
    const place = await paces.take(account, this.claim === undefined ? parameters.waitMs : 0);
    if (place === undefined) return 'now';
    if ('retryMs' in place) {
      const retryAt = services.store.estimate().ms + place.retryMs;
      return this.#refusals.guardRefused(found, record, { reason: 'pace', retryAt });
    }
    this.place = place;
    if (place.waitMs <= 0) return 'now';
    await clock.sleep(place.waitMs);
    return 'later';
  }

  async #ended(
    end: AttemptEnd,
    upstream: UpstreamToken | undefined,
  ): Promise<RenewalOutcome | undefined> {
    if (end.kind === 'failed') {
      this.#refusals.failure = end.error;
      if (end.error.reason === 'upstream_rejected' && upstream !== undefined) {
        if (await this.#upstreamReplaced(upstream)) return undefined;
      }
      if (end.decideAgain) return undefined;
      return this.#refusals.failed(
        end.found ?? (this.claim as Claim).found,
        this.#refusals.failure,
        true,
      );
    }
    // The row was released by the commit, or is another's.
    this.#released = true;
    if (end.kind === 'superseded') {
      this.claim = undefined;
      this.#released = false;
      // Its session was ended meanwhile: whoever still wants a token asks for one.
      const idle = end.found.record?.state === 'idle';
      return idle ? { kind: 'settled', found: end.found } : undefined;
    }
    const { found, fresh, issuedAt, unsaved } = end;
    return {
      kind: 'renewed',
      found,
      access: fresh.access,
      issuedAt,
      ...(unsaved === undefined ? {} : { unsaved }),
    };
  }

  /** The token an API refused is another account's own: that one is replaced, or nothing is. */
  async #sharedTokenReplaced({ access, upstream }: AccountRecord): Promise<boolean> {
    const { trigger, services } = this;
    const shared = access?.sharesUpstream ? upstream : undefined;
    if (trigger.kind !== 'refusal' || shared === undefined) return true;
    if (!this.#upstreamTried) await services.upstreams.replace(shared);
    this.#upstreamTried = true;
    return services.upstreams.hasMoved(shared);
  }

  /** A bearer of another account was refused: once that is replaced, one more try is free. */
  async #upstreamReplaced(upstream: UpstreamToken): Promise<boolean> {
    if (this.#upstreamTried) return false;
    this.#upstreamTried = true;
    const kept = await this.services.upstreams.replace(upstream);
    if (!this.services.upstreams.hasMoved(upstream)) {
      if (kept !== undefined) this.#refusals.failure = upstreamStays(upstream, kept);
      return false;
    }
    await (this.claim as Claim).write({
      change: (record) => ({ ...record, guard: { ...record.guard, freeStep: true } }),
      due: this.#due,
    });
    return true;
  }

  async #claimed(found: FoundRecord, record: AccountRecord): Promise<boolean> {
    const { services, account } = this;
    services.probe('CP1');
    if (this.claim !== undefined) {
      if (record !== found.record) {
        this.claim.prepare((current) => this.#prepared(current, found.time));
      }
      return true;
    }
    const abandoned = found.row?.holder !== undefined;
    this.claim = await Claim.take(services, account.id, found, record);
    if (this.claim === undefined) return false;
    const { id, provider } = account;
    const facts = { account: id, provider: provider.id, generation: record.generation };
    if (abandoned) services.events.emit('claim:taken_over', { ...facts, fence: this.claim.fence });
    return true;
  }

  #heldByAnother(found: FoundRecord): RenewalOutcome | undefined {
    const { row, time } = found;
    if (this.claim !== undefined || row === undefined) return undefined;
    if (this.services.leases.isOver(row, time)) return undefined;
    const waitMs = Math.max(1, (row.leaseUntil ?? 0) - time.ms);
    return { kind: 'waiting', found, waitMs, reason: 'held' };
  }

  #prepared(record: AccountRecord, time: StoreTime): AccountRecord {
    return preparedRecord(this.services, this.account, this.trigger, record, time);
  }

  /** When an API first refused a token decides whether it lived: that is not for later to say. */
  async #refusalKept(found: FoundRecord, record: AccountRecord): Promise<boolean> {
    if (!record.access?.refused || found.record?.access?.refused) return true;
    return this.#claimed(found, record);
  }

  #newRecord(): AccountRecord {
    return newRecord(nextIncarnation(undefined, this.services.random));
  }

  #guardRequest(situation: Situation, decision: Decision): Omit<GuardRequest, 'now'> {
    const { account } = this;
    const { record, time } = situation;
    const { access } = record;
    return {
      generation: record.generation,
      forced: isForced(situation),
      replacesRefused: access?.refused === true,
      session:
        access?.ended === true || (decision.step === 'obtain' && record.sessionEnded === true),
      rebooted: access !== undefined && access.issuedAt.epoch !== time.epoch,
      defaultLifetimeMs: account.provider.profile.lifetime.defaultMs,
    };
  }

  /** Credentials the server rejected are compared by fingerprint; others are not even asked for. */
  async #credentialsIfLatched(record: AccountRecord): Promise<ResolvedCredentials | undefined> {
    const { credentials } = this.account.config;
    if (record.guard.rejectedCredentials === undefined || credentials === undefined) return;
    return this.services.credentials.resolve(this.account);
  }

  /** A rotation that nobody can log in for leaves the token at hand as it is. */
  async #withoutLogin(found: FoundRecord, record: AccountRecord, reason: string | undefined) {
    if (reason !== undefined) return this.#reauthorize(found, record, reason);
    return this.#refusals.failed(found, noCredentials(this.account));
  }

  async #reauthorize(
    found: FoundRecord,
    record: AccountRecord,
    reason: string,
  ): Promise<RenewalOutcome | undefined> {
    const { services, account } = this;
    const { id, provider } = account;
    if (record.state !== 'reauthorization_required' || record.reason !== reason) {
      if (!(await this.#claimed(found, record))) return undefined;
      await (this.claim as Claim).write({
        change: (current) => ({ ...current, state: 'reauthorization_required', reason }),
        due: this.#due,
      });
      const facts = { account: id, provider: provider.id };
      if (reason === 'credentials_rejected') {
        services.events.emit('account:credentials_rejected', facts);
      }
      services.events.emit('account:reauthorization_required', { ...facts, reason });
    }
    return this.#refusals.failed(
      this.claim?.found ?? found,
      personNeeded(account, reason, this.#refusals.failure),
    );
  }

  readonly #due = (record: AccountRecord) => dueOf(this.services, this.account, record);
}
