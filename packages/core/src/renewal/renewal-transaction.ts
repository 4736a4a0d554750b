import { isoTime } from '../clock/iso-time.js';
import { TokenError } from '../errors/token-error.js';
import { type GuardRequest, judge, noteLived } from '../guard/guard.js';
import type { KnownAccount } from '../provider/account-registry.js';
import {
  type AccountRecord,
  msUntil,
  newRecord,
  type UpstreamToken,
} from '../store/account-record.js';
import { type FoundRecord, loadRecord } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import { Attempt, type AttemptEnd } from './attempt.js';
import type { BudgetExhausted } from './budget-rows.js';
import { Claim, ClaimLost } from './claim.js';
import type { Committer } from './commit.js';
import type { ResolvedCredentials } from './credentials-source.js';
import { dueOf } from './due-of.js';
import type { RenewalOutcome } from './renewal-outcome.js';
import {
  type Decision,
  decideRenewal,
  type Situation,
  validityOfRecord,
} from './renewal-policy.js';
import type { RenewalServices } from './renewal-services.js';
import type { Trigger } from './trigger.js';

/** More rounds than this in one run is a bug: the ladder has three rungs. */
const MOST_ROUNDS = 12;

/**
 * The renewal of one account: claim, intent, call, commit, publish. Everything it knows, it read
 * in this run; everything it decides, it writes by compare-and-set.
 */
export class RenewalTransaction {
  constructor(
    private readonly services: RenewalServices,
    private readonly committer: Committer,
  ) {}

  /** `leased`: a row this process has claimed already, and when it was read. */
  async run(
    account: KnownAccount,
    trigger: Trigger,
    leased?: { readonly found: FoundRecord; readonly readAt: number },
  ): Promise<RenewalOutcome> {
    const run = new Run(this.services, this.committer, account, trigger);
    if (leased !== undefined) {
      run.claim = Claim.held(this.services, account.id, leased.found, leased.readAt);
    }
    try {
      return await run.toEnd();
    } finally {
      await run.letGo();
    }
  }
}

class Run {
  claim: Claim | undefined;
  #released = false;
  #failure: TokenError | undefined;
  #upstreamTried = false;
  #escrowSearched = false;
  /** When the guard or a budget allows the next request, on the store's clock. */
  #refusedUntil = 0;

  constructor(
    private readonly services: RenewalServices,
    private readonly committer: Committer,
    private readonly account: KnownAccount,
    private readonly trigger: Trigger,
  ) {}

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
    if (this.claim === undefined || this.#released) return;
    this.#released = true;
    // Never due again at once: a row that is due and has nothing to do would be claimed in a loop.
    const soonest = this.services.store.estimate().ms + this.services.parameters.gapMs;
    const due = (record: AccountRecord) => {
      const at = this.#due(record);
      return at === undefined ? undefined : Math.max(at, soonest, this.#refusedUntil);
    };
    await this.claim.write({ change: (record) => record, due, release: true }).catch(() => {});
  }

  /** One look and one step; `undefined`: the record changed, look again. */
  async #round(): Promise<RenewalOutcome | undefined> {
    const { services, account } = this;
    const found = this.claim?.found ?? (await loadRecord(services.store, account.id));
    const held = this.#heldByAnother(found);
    if (held !== undefined) return held;
    if (await this.#foundInEscrow(found)) return undefined;
    const record = this.#prepared(this.#withoutUnsent(found.record ?? this.#newRecord()), found);
    const credentials = await this.#credentialsIfLatched(record);
    const decision = decideRenewal(this.#situation(record, found, credentials));
    switch (decision.step) {
      case 'nothing':
        return this.#failure === undefined
          ? { kind: 'settled', found }
          : this.#failed(found, this.#failure);
      case 'wait':
        return {
          kind: 'waiting',
          found,
          waitMs: decision.untilMs - found.time.ms,
          reason: decision.reason,
        };
      case 'refuse':
        return this.#failed(found, revoked(account));
      case 'reauthorize':
        return this.#reauthorize(found, record, decision.reason);
      default:
        return this.#send(found, record, decision, credentials);
    }
  }

  /** A sender that is gone may have left the pair that is missed: before anything else is tried. */
  async #foundInEscrow({ record }: FoundRecord): Promise<boolean> {
    const { holder } = this.services;
    if (this.#escrowSearched || record?.sent === undefined) return false;
    if (!holder.isGone(record.sent.holder)) return false;
    this.#escrowSearched = true;
    const { account } = this;
    const replayed = await this.committer.replay((id) => (id === account.id ? account : undefined));
    // The commit released the row.
    if (replayed) this.claim = undefined;
    return replayed;
  }

  async #send(
    found: FoundRecord,
    record: AccountRecord,
    decision: Decision & { step: 'refresh' | 'obtain' },
    known: ResolvedCredentials | undefined,
  ): Promise<RenewalOutcome | undefined> {
    const { services, account, trigger } = this;
    const request = this.#guardRequest(record, decision);
    const now = found.time.ms;
    const verdict = judge(record.guard, { ...request, now }, services.parameters);
    if (!verdict.allowed) {
      if (!(await this.#refusalKept(found, record))) return undefined;
      return this.#guardRefused(found, record, verdict);
    }
    const replaced = await this.#sharedTokenReplaced(record);
    if (!replaced) return this.#failed(found, keptUpstream(account));
    const credentials = known ?? (await this.#credentials(decision));
    if (credentials instanceof TokenError) return this.#failed(found, credentials);
    const spent = await services.budgets.refusal(account, decision.step, credentials?.value);
    if (spent !== undefined) return this.#budgetRefused(found, spent);

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
      request,
    });
    return this.#ended(await attempt.run(), credentials?.upstream);
  }

  async #ended(
    end: AttemptEnd,
    upstream: UpstreamToken | undefined,
  ): Promise<RenewalOutcome | undefined> {
    if (end.kind === 'failed') {
      this.#failure = end.error;
      if (end.error.reason === 'upstream_rejected' && upstream !== undefined) {
        if (await this.#upstreamReplaced(upstream)) return undefined;
      }
      if (end.decideAgain) return undefined;
      return this.#failed(end.found ?? (this.claim as Claim).found, end.error, true);
    }
    // The row was released by the commit, or is another's.
    this.#released = true;
    if (end.kind === 'superseded') {
      this.claim = undefined;
      this.#released = false;
      return undefined;
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
    await this.services.upstreams.replace(upstream);
    if (!this.services.upstreams.hasMoved(upstream)) return false;
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
        await this.claim.write({ change: () => record, due: this.#due });
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

  /** This process knows better than the record that an attempt of its own never left. */
  #withoutUnsent(record: AccountRecord): AccountRecord {
    const { sent, ...rest } = record;
    if (sent === undefined || !this.services.unsent.has(sent.attemptId)) return record;
    // An earlier send of the same token stays in doubt.
    return sent.sends <= 1 ? rest : { ...rest, sent: { ...sent, sends: sent.sends - 1 } };
  }

  /** The record with what this run learnt about the token it is to replace. */
  #prepared(record: AccountRecord, { time }: FoundRecord): AccountRecord {
    const { account, trigger, services } = this;
    const { access, generation, guard } = record;
    const p = services.parameters;
    const validity = validityOfRecord(account.id, record, p);
    if (access === undefined || validity === undefined) return record;
    const age = -msUntil(access.issuedAt, 0, time);
    const ofAge = Math.min(access.lifetimeMs / 2, p.forcedGapMs);
    const forced = trigger.kind === 'refusal' && trigger.generation === generation;
    // While it waits for its forced renewal a refused token grows old, but it does not live.
    const serves = !access.noProgress && !(forced && access.refused);
    const lived = serves && (age >= ofAge || access.issuedAt.epoch !== time.epoch);
    const next = lived ? noteLived(guard, generation, access.lifetimeMs) : guard;
    if (forced && !access.refused) {
      return { ...record, access: { ...access, refused: true }, guard: next };
    }
    return next === guard ? record : { ...record, guard: next };
  }

  /** When an API first refused a token decides whether it lived: that is not for later to say. */
  async #refusalKept(found: FoundRecord, record: AccountRecord): Promise<boolean> {
    if (!record.access?.refused || found.record?.access?.refused) return true;
    return this.#claimed(found, record);
  }

  #newRecord(): AccountRecord {
    return newRecord(nextIncarnation(undefined, this.services.random));
  }

  #situation(
    record: AccountRecord,
    { time }: FoundRecord,
    credentials: ResolvedCredentials | undefined,
  ): Situation {
    const { account, services, trigger } = this;
    const { config, provider, id } = account;
    const latch = record.guard.rejectedCredentials;
    const latched =
      latch !== undefined &&
      credentials !== undefined &&
      services.sealer.matches(credentials.canonical, latch);
    return {
      account: id,
      record,
      profile: provider.profile,
      time,
      parameters: services.parameters,
      trigger,
      keepAlive: config.keepAlive ?? false,
      canRefresh: provider.refresh !== undefined,
      canObtain:
        config.credentials === undefined
          ? 'no_credentials'
          : latched
            ? 'credentials_rejected'
            : true,
      upstreamMoved: record.upstream !== undefined && services.upstreams.hasMoved(record.upstream),
      senderGone: record.sent !== undefined && services.holder.isGone(record.sent.holder),
      sinceStoreReturnMs: services.store.sinceReturnMs(),
    };
  }

  #guardRequest(record: AccountRecord, decision: Decision): Omit<GuardRequest, 'now'> {
    const { trigger, account } = this;
    return {
      generation: record.generation,
      forced: trigger.kind === 'refusal',
      session:
        record.access?.ended === true ||
        (decision.step === 'obtain' && record.sessionEnded === true),
      defaultLifetimeMs: account.provider.profile.lifetime.defaultMs,
    };
  }

  /** Credentials the server rejected are compared by fingerprint; others are not even asked for. */
  async #credentialsIfLatched(record: AccountRecord): Promise<ResolvedCredentials | undefined> {
    const { credentials } = this.account.config;
    if (record.guard.rejectedCredentials === undefined || credentials === undefined) return;
    return this.services.credentials.resolve(this.account);
  }

  /** A refresh goes on without them: a secret manager that is down must not end a session. */
  async #credentials(decision: Decision): Promise<ResolvedCredentials | TokenError | undefined> {
    const { account, services } = this;
    if (account.config.credentials === undefined) return undefined;
    try {
      return await services.credentials.resolve(account);
    } catch (error) {
      if (decision.step === 'refresh') return undefined;
      if (TokenError.is(error)) return error;
      throw error;
    }
  }

  #guardRefused(
    found: FoundRecord,
    record: AccountRecord,
    verdict: { readonly reason: string; readonly retryAt: number },
  ): RenewalOutcome {
    const { services, account } = this;
    this.#refusedUntil = verdict.retryAt;
    // The failure that made the guard say no says more than the guard's own words.
    if (this.#failure !== undefined) return this.#failed(found, this.#failure, true);
    const retryMs = Math.max(0, verdict.retryAt - found.time.ms);
    const retryAt = services.clock.now() + retryMs;
    const { id, provider } = account;
    const { reason } = verdict;
    services.events.emit('guard:tripped', { account: id, provider: provider.id, reason, retryAt });
    const error = new TokenError(
      'GUARD_REFUSED',
      `No token request for ${id} now (${reason}, ${record.guard.failures} failures in a row). ` +
        `The next is allowed at ${isoTime(retryAt)}.`,
      { retryable: true, retryAt, reason, account: id, provider: provider.id },
    );
    return { kind: 'failed', found, error, retryMs, tried: false };
  }

  #budgetRefused(found: FoundRecord, spent: BudgetExhausted): RenewalOutcome {
    const { services, account } = this;
    this.#refusedUntil = spent.untilMs;
    const retryMs = Math.max(0, spent.untilMs - found.time.ms);
    const retryAt = services.clock.now() + retryMs;
    const { id, provider } = account;
    services.events.emit('budget:exhausted', { account: id, provider: provider.id, retryAt });
    const error = spent.toTokenError(retryAt);
    return { kind: 'failed', found, error, retryMs, tried: false };
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
    return this.#failed(this.claim?.found ?? found, reauthorize(account, reason, this.#failure));
  }

  #failed(found: FoundRecord, error: TokenError, tried = false): RenewalOutcome {
    const { services, account } = this;
    const { record = undefined, time } = found;
    const until = error.code === 'BUDGET_EXHAUSTED' ? undefined : record?.guard.notBefore;
    const waits = tried && until !== undefined && until > time.ms;
    const retryMs = waits ? until - services.store.estimate().ms : undefined;
    const context = { account: account.id, provider: account.provider.id };
    const dated =
      retryMs === undefined || error.retryAt !== undefined
        ? error
        : new TokenError(error.code, error.message, {
            ...error.details(),
            retryAt: services.clock.now() + retryMs,
          });
    return { kind: 'failed', found, error: dated.withContext(context), retryMs, tried };
  }

  readonly #due = (record: AccountRecord) => dueOf(this.services, this.account, record);
}

function keptUpstream({ id }: KnownAccount): TokenError {
  return new TokenError(
    'TOKEN_REFUSED',
    `The token of ${id} is another account's own, and no new one of that could be had.`,
    { retryable: true, reason: 'upstream_not_replaced', account: id },
  );
}

function revoked({ id }: KnownAccount): TokenError {
  return new TokenError(
    'ACCOUNT_REVOKED',
    `Account ${id} was revoked. Call engine.login("${id}") to bring it back.`,
    { reason: 'revoked', account: id },
  );
}

const cures: Record<string, string> = {
  credentials_rejected:
    'The server rejected its credentials; correct them, and it goes on by itself',
  rotation_lost: 'A rotated refresh token was lost, and there are no credentials to log in with',
  no_refresh_token: 'It has no refresh token and no credentials',
  refresh_token_rejected: 'The server rejected its refresh token, and it has no credentials',
  refresh_token_expired: 'Its refresh token has ended, and it has no credentials',
};

function reauthorize(
  { id }: KnownAccount,
  reason: string,
  failure: TokenError | undefined,
): TokenError {
  const said = failure?.providerCode === undefined ? '' : ` (${failure.providerCode})`;
  const rejected = reason === 'credentials_rejected';
  return new TokenError(
    rejected ? 'CREDENTIALS_REJECTED' : 'REAUTHORIZATION_REQUIRED',
    `${id} needs a person: ${cures[reason] ?? reason}${said}.`,
    {
      ...(failure?.details() ?? {}),
      retryable: false,
      reason,
      account: id,
    },
  );
}
