import { TokenError } from '../errors/token-error.js';
import { type GuardRequest, noteRequest } from '../guard/guard.js';
import type { Ask } from '../guard/provider-incident.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { singleUse } from '../provider/provider-profile.js';
import { refusalOf } from '../provider/refusal.js';
import { type AccountRecord, type Deadline, msUntil } from '../store/account-record.js';
import { editRecord, type FoundRecord } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import type { Secret } from '../token/secret.js';
import type { IssuedTokens } from '../token/token-set.js';
import type { EngineCall } from '../transport/engine-call.js';
import { BudgetExhausted } from './budget-rows.js';
import { ClaimLost, type RecordHold } from './claim.js';
import { type Committer, newAttemptId } from './commit.js';
import type { ResolvedCredentials } from './credentials-source.js';
import { dueOf } from './due-of.js';
import { afterFailure, type Failure } from './failure.js';
import { checkStoreFits } from './fit-store.js';
import {
  type Fresh,
  type FreshSource,
  freshRefreshTokenOnly,
  freshTokens,
} from './fresh-tokens.js';
import { IncidentHold } from './incident-hold.js';
import type { Verdict } from './incident-rows.js';
import { judgeReply } from './judge-reply.js';
import { providerError } from './provider-error.js';
import { callProvider } from './provider-operation.js';
import { graceLeftMs, validityOfRecord } from './renewal-policy.js';
import type { RenewalServices } from './renewal-services.js';

export interface AttemptPlan {
  readonly account: KnownAccount;
  readonly claim: RecordHold;
  readonly operation: 'refresh' | 'obtain';
  readonly resend: boolean;
  readonly trigger: string;
  readonly credentials: ResolvedCredentials | undefined;
  readonly credentialsError?: TokenError | undefined;
  /** Without `now`: that is the moment of the intent. */
  readonly request: Omit<GuardRequest, 'now'>;
  /** How it stands with the provider's incident. A login by hand does not ask. */
  readonly ask?: Omit<Ask, 'now'>;
}

export type AttemptEnd =
  | {
      readonly kind: 'committed';
      readonly found: FoundRecord;
      readonly fresh: Fresh;
      readonly issuedAt: number;
      readonly unsaved?: Promise<void>;
    }
  /** Somebody else's tokens stand in the record. */
  | { readonly kind: 'superseded'; readonly found: FoundRecord }
  | {
      readonly kind: 'failed';
      readonly error: TokenError;
      readonly decideAgain: boolean;
      /** The record, where the reply was of some use all the same and was committed. */
      readonly found?: FoundRecord;
    };

/** How far the time in an intent may lie ahead of the store's clock. */
const MOST_AHEAD_MS = 1_000;

/** Connect, intent, call, commit: one request under one claim. */
export class Attempt {
  readonly #attemptId: string;
  readonly #before: AccountRecord;
  readonly #rotating: boolean;
  /** What the server may echo: the tokens and credentials themselves, not only their wire forms. */
  readonly #secrets: Secret[] = [];
  /** When it began, and when the reply had come. On elapsed time. */
  readonly #startedAt: number;
  #repliedAt = 0;
  #intent: { readonly issuedAt: number; readonly at: Deadline } | undefined;
  /** The provider's operation has ended: what was on its way to being sent is not sent any more. */
  #isOver = false;

  constructor(
    private readonly services: RenewalServices,
    private readonly committer: Committer,
    private readonly plan: AttemptPlan,
  ) {
    this.#attemptId = newAttemptId(services);
    this.#startedAt = services.elapsed.now();
    this.#before = plan.claim.record;
    const { profile } = plan.account.provider;
    this.#rotating = plan.operation === 'refresh' && singleUse(profile) !== undefined;
  }

  async run(): Promise<AttemptEnd> {
    const { services, plan } = this;
    const { tokens } = services;
    const { id } = plan.account;
    const previous = {
      access: this.#opened(() => tokens.openAccess(id, this.#before)),
      refresh: this.#opened(() => tokens.openRefresh(id, this.#before)),
    };
    for (const secret of [previous.access?.token, previous.refresh]) {
      if (secret !== undefined) this.#secrets.push(secret);
    }
    this.#secrets.push(...(plan.credentials?.secrets ?? []));
    services.events.emit('renewal:started', {
      ...this.#facts(),
      operation: plan.operation,
      trigger: plan.trigger,
      attemptId: this.#attemptId,
    });
    // A server that came back may promise less than the one this engine was opened over.
    checkStoreFits(services.store.traits, [plan.account.provider]);
    if (this.#rotating) await services.escrow.reserve?.();
    using _beat = plan.claim.beat(this.#due);
    const { call, issued } = await this.#call(previous.refresh);
    this.#isOver = true;
    this.#repliedAt = services.elapsed.now();
    if (!issued.ok) return this.#fail(call, issued.error);
    services.probe('CP6');
    return this.#keep(call, issued.tokens, {
      ...(previous.access === undefined ? {} : { access: previous.access }),
      ...(previous.refresh === undefined ? {} : { refresh: previous.refresh }),
    });
  }

  /**
   * What no longer opens must not stop a login somebody asked for: that is its cure. Nothing else
   * goes on without it.
   */
  #opened<Token>(open: () => Token | undefined): Token | undefined {
    try {
      return open();
    } catch (error) {
      if (this.plan.trigger === 'login') return undefined;
      throw error;
    }
  }

  #call(refreshToken: FreshSource['previous']['refresh']) {
    const { account, operation, credentials } = this.plan;
    const { provider } = account;
    return callProvider(this.services, account, {
      rotating: this.#rotating,
      credentials,
      credentialsError: this.plan.credentialsError,
      admit: () => this.#admit(),
      run: (call): Promise<IssuedTokens> => {
        if (operation === 'obtain') return provider.obtain(credentials?.value, call);
        if (provider.refresh === undefined || refreshToken === undefined) {
          throw new TypeError('There is nothing to refresh with.');
        }
        return provider.refresh(refreshToken, call, credentials?.value);
      },
    });
  }

  /** The connection stands. The first byte leaves right after this resolves. */
  async #admit(): Promise<void> {
    const { services, plan } = this;
    const { claim } = plan;
    // What the first of two requests granted must come home: only a refresh token is kept back.
    if (this.#intent !== undefined && !this.#rotating) return;
    services.probe('CP2');
    if (this.#intent === undefined) {
      // A place that is taken and not used is lost; a login of a budget would be, too.
      if (plan.ask !== undefined) await services.incidents.admit(plan.account, plan.ask);
      await this.#writeIntent();
    } else await claim.write({ change: (record) => record, due: this.#due });
    if (claim.leaseLeftMs() < services.parameters.sendGateMs) throw gateClosed();
    if (this.#graceIsOver()) throw graceOver();
    services.probe('CP3');
    this.#intent ??= { issuedAt: services.elapsed.now(), at: services.store.earliest() };
  }

  /** A resend that was decided within the server's grace, and was held up past it. */
  #graceIsOver(): boolean {
    const { services, plan } = this;
    const rotation = singleUse(plan.account.provider.profile);
    const { sent } = this.#before;
    if (!plan.resend || sent === undefined || !rotation?.reuseGraceMs) return false;
    return graceLeftMs(sent, rotation, services.store.estimate(), services.parameters) <= 0;
  }

  async #writeIntent(): Promise<void> {
    const { services, plan } = this;
    const { account, claim, operation, credentials, request } = plan;
    const at = services.store.estimate();
    const sent = {
      attemptId: this.#attemptId,
      sentAt: at,
      sends: (this.#before.sent?.sends ?? 0) + 1,
      holder: services.holder.id,
    };
    const { time } = await claim.write({
      change: (record) => {
        // Of an intent that is written after the attempt was given up, a doubt would be left.
        if (this.#isOver) throw gateClosed();
        return {
          ...record,
          guard: noteRequest(record.guard, { ...request, now: at.ms }, services.parameters),
          ...(this.#rotating ? { sent } : {}),
        };
      },
      due: this.#due,
      also: () => services.budgets.spend(account, operation, credentials?.value),
    });
    // A store that was slow, or a process that stood still, left an estimate that is far ahead:
    // with it a grace would seem to last longer than it does.
    const isAhead = at.epoch === time.epoch && at.ms > time.ms + MOST_AHEAD_MS;
    if (this.#rotating && isAhead) throw gateClosed();
  }

  async #keep(
    call: EngineCall,
    issued: IssuedTokens,
    previous: FreshSource['previous'],
  ): Promise<AttemptEnd> {
    const { services, plan } = this;
    const { account, claim, operation, credentials } = plan;
    const intent = this.#intent ?? {
      issuedAt: services.elapsed.now(),
      at: services.store.earliest(),
    };
    const { profile } = account.provider;
    const upstreamLeftMs = (credentials?.upstream?.endsAt ?? Infinity) - intent.issuedAt;
    const judged = judgeReply(services, account, this.#before, issued, upstreamLeftMs);
    const { incarnation, generation } = this.#before;
    const { preempts } = claim;
    const source: FreshSource = {
      account,
      record: claim.record,
      operation,
      attemptId: this.#attemptId,
      issuedAt: intent.at,
      request: { ...plan.request, now: intent.at.ms },
      previous,
      upstream: credentials?.upstream?.token,
      incarnation: preempts ? nextIncarnation(incarnation, services.random) : incarnation,
      generation: generation + 1,
      rotation: plan.trigger === 'rotation',
    };
    if (!judged.usable && judged.refresh === undefined) return this.#fail(call, judged.error);
    const fresh = judged.usable
      ? freshTokens(services, source, judged.tokens)
      : freshRefreshTokenOnly(services, source, { ...judged, refresh: judged.refresh as never });
    const end = await this.committer.commit({
      account,
      incarnation,
      generation,
      preempts,
      fresh: fresh.tokens,
      escrowFirst: singleUse(profile) !== undefined,
      from: claim.found,
    });
    if (end.kind === 'superseded') {
      services.events.emit('claim:lost', { ...this.#facts(), fence: claim.fence });
      return end;
    }
    services.probe('CP9');
    await services.incidents.succeeded(account, {
      operation,
      sentAt: intent.at.ms,
      refused: plan.ask?.refused ?? false,
    });
    for (const kind of fresh.anomalies) {
      const { account: id, provider } = this.#facts();
      services.events.emit('anomaly:detected', { account: id, provider, kind });
    }
    this.#tell(fresh, end.durableAt);
    services.probe('CP10');
    if (!judged.usable) {
      return { kind: 'failed', error: judged.error, decideAgain: false, found: end.found };
    }
    return {
      kind: 'committed',
      found: end.found,
      fresh,
      issuedAt: intent.issuedAt,
      ...(end.unsaved === undefined ? {} : { unsaved: end.unsaved }),
    };
  }

  #tell({ tokens }: Fresh, durableAt: number): void {
    const { events } = this.services;
    const { operation, trigger } = this.plan;
    const facts = { ...this.#facts(), generation: tokens.generation };
    events.emit(operation === 'obtain' ? 'token:obtained' : 'token:renewed', {
      ...facts,
      lifetimeMs: tokens.access?.lifetimeMs ?? 0,
      attemptId: this.#attemptId,
      tookMs: durableAt - this.#startedAt,
      durableMs: durableAt - this.#repliedAt,
      leftMs: this.#leftMs(),
    });
    if (trigger === 'rotation') events.emit('token:rotated', facts);
  }

  /** What callers could still have been served with, from the token that was replaced. */
  #leftMs(): number {
    const { services, plan } = this;
    const { access } = this.#before;
    const validity = validityOfRecord(plan.account.id, this.#before, services.parameters);
    if (access === undefined || validity === undefined) return 0;
    return Math.max(0, msUntil(access.issuedAt, validity.endsMs, services.store.estimate()));
  }

  /** Writes what the failure means; the claim is kept where the ladder goes on. */
  async #fail(call: EngineCall, thrown: unknown): Promise<AttemptEnd> {
    const { services, plan } = this;
    const { account, claim } = plan;
    if (thrown instanceof ClaimLost) return this.#lost(thrown.found);
    const now = services.store.estimate();
    const error = this.#explain(call, thrown, now.ms);
    const untried = thrown instanceof BudgetExhausted || thrown instanceof IncidentHold;
    const failure: Failure = {
      refusal: refusalOf(thrown),
      chained: plan.credentials?.upstream !== undefined,
      operation: plan.operation,
      rotating: this.#rotating,
      resend: plan.resend,
      sent: call.sent,
      heldBackMs: heldBackMs(error, services.clock.now()),
      before: this.#before,
      request: { ...plan.request, now: now.ms },
      profile: account.provider.profile,
      parameters: services.parameters,
      random: services.random,
      fingerprint:
        plan.operation === 'obtain' && plan.credentials !== undefined
          ? services.sealer.fingerprint(plan.credentials.canonical)
          : undefined,
      verdict: undefined,
    };
    let decideAgain = false;
    let verdict: Verdict | undefined;
    try {
      if (!untried) verdict = await this.#verdict(failure);
      await claim.write({
        change: (record) => {
          if (untried) return record;
          const after = afterFailure(record, { ...failure, verdict });
          decideAgain = after.decideAgain;
          return after.record;
        },
        due: untried ? () => thrown.untilMs : this.#due,
      });
    } catch (lost) {
      if (lost instanceof ClaimLost) {
        await this.#sayLate({ ...failure, verdict });
        return this.#lost(lost.found);
      }
      // The store failed: what cannot be written now is remembered, or it would look in doubt.
      if (call.sent === 'no') services.unsent.add(this.#attemptId);
      throw lost;
    }
    const { sent } = claim.record;
    const { attemptId } = this.#before.sent ?? {};
    if (sent !== undefined && sent.attemptId !== attemptId) {
      const { sends } = sent;
      const facts = { ...this.#facts(), attemptId: sent.attemptId, sends };
      services.events.emit('renewal:in_doubt', facts);
    }
    services.events.emit('renewal:failed', {
      ...this.#facts(),
      error,
      operation: plan.operation,
      tookMs: services.elapsed.now() - this.#startedAt,
      attemptId: this.#attemptId,
    });
    const held = verdict?.heldUntil === undefined ? error : this.#held(claim.record, error, now.ms);
    return { kind: 'failed', error: held, decideAgain };
  }

  /**
   * Another process has claimed the row meanwhile, and could not tell what became of this attempt.
   * As long as it stands there as the one in doubt nobody has sent since, and the answer settles it.
   * The fence is raised: what has been decided over there, for the doubt's sake, is decided again.
   */
  async #sayLate(failure: Failure): Promise<void> {
    const { services, plan } = this;
    const { incarnation, generation } = this.#before;
    await editRecord(services.store, plan.account.id, ({ record, row }) => {
      if (record?.sent?.attemptId !== this.#attemptId) return;
      if (record.incarnation !== incarnation || record.generation !== generation) return;
      const after = afterFailure(record, failure).record;
      return { record: after, due: this.#due(after), fence: (row?.fence ?? 0) + 1 };
    });
  }

  /** A final no is judged among those that the provider's other accounts were given. */
  async #verdict(failure: Failure): Promise<Verdict | undefined> {
    const { account, claim } = this.plan;
    const { record } = claim;
    if (!afterFailure(record, failure).final) return undefined;
    const { refused } = record.guard;
    return this.services.incidents.judge(account, failure.operation, refused);
  }

  /** What callers are told: the server's no reads as if a person were needed, which is not so. */
  #held({ guard }: AccountRecord, error: TokenError, nowMs: number): TokenError {
    const untilMs = guard.notBefore ?? nowMs;
    const retryAt = this.services.clock.now() + Math.max(0, untilMs - nowMs);
    const hold = { retryAt: untilMs, reason: 'provider_incident' } as const;
    return new IncidentHold(this.plan.account, hold).toTokenError(retryAt, error);
  }

  #lost(found: FoundRecord): AttemptEnd {
    this.services.events.emit('claim:lost', { ...this.#facts(), fence: this.plan.claim.fence });
    return { kind: 'superseded', found };
  }

  #explain(call: EngineCall, thrown: unknown, nowMs: number): TokenError {
    const { services, plan } = this;
    const { account } = plan;
    const context = { account: account.id, provider: account.provider.id };
    if (thrown instanceof BudgetExhausted || thrown instanceof IncidentHold) {
      const retryAt = services.clock.now() + thrown.untilMs - nowMs;
      if (thrown instanceof BudgetExhausted) {
        services.events.emit('budget:exhausted', { ...context, retryAt });
      } else {
        services.events.emit('guard:tripped', { ...context, reason: thrown.reason, retryAt });
      }
      return thrown.toTokenError(retryAt);
    }
    const secrets = [...call.secrets, ...this.#secrets];
    return providerError(account.provider.id, thrown, secrets).withContext({
      ...context,
      attemptId: this.#attemptId,
    });
  }

  #facts() {
    const { account } = this.plan;
    const { generation } = this.#before;
    return { account: account.id, provider: account.provider.id, generation };
  }

  readonly #due = (record: AccountRecord) => dueOf(this.services, this.plan.account, record);
}

function heldBackMs({ reason, retryAt }: TokenError, now: number): number | undefined {
  return reason === 'breaker' && retryAt !== undefined ? Math.max(0, retryAt - now) : undefined;
}

function graceOver(): TokenError {
  return new TokenError(
    'PROVIDER_UNAVAILABLE',
    "This process was too slow to send safely: the server's grace for a used refresh token is " +
      'over. Nothing was sent.',
    { retryable: true, reason: 'send_gate' },
  );
}

function gateClosed(): TokenError {
  return new TokenError(
    'PROVIDER_UNAVAILABLE',
    'This process was too slow to send safely: its lease was about to end. Nothing was sent.',
    { retryable: true, reason: 'send_gate' },
  );
}
