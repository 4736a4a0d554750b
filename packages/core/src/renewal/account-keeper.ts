import { TokenError } from '../errors/token-error.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { type FoundRecord, loadRecord } from '../store/edit-record.js';
import { counterOf } from '../store/incarnation.js';
import type { SealedAccess } from '../store/sealed-tokens.js';
import type { AccessToken } from '../token/access-token.js';
import type { Committer } from './commit.js';
import { type FlightEnd, flyRenewal } from './flight.js';
import { lacksScope } from './fresh-tokens.js';
import { expiredOnArrival } from './judge-reply.js';
import { type LiveToken, liveToken, type Seen, seenAgain } from './live-token.js';
import { aborted, refusedToken, rolledBack, waitTimedOut } from './no-token.js';
import type { RenewalServices } from './renewal-services.js';
import type { LeasedRecord, RenewalTransaction } from './renewal-transaction.js';
import type { Trigger } from './trigger.js';
import { Waiters } from './waiters.js';

export interface TokenRequestOptions {
  /** Ends this caller's waiting, and nobody else's. */
  readonly signal?: AbortSignal;
  /** How long to wait at most for a renewal; 15 s by default. Milliseconds. */
  readonly waitMs?: number;
  /** At least this much life; clamped to half of what a fresh token has. Milliseconds. */
  readonly minValidityMs?: number;
  /** Scope this call needs, where it needs less or more than the account was configured with. */
  readonly scope?: string;
}

/** One that was under way and gave up for want of waiters, and one's own; and one to spare. */
const MOST_FLIGHTS_JOINED = 3;

interface Refusal {
  readonly generation: number;
  quietUntil: number;
  error: TokenError | undefined;
}

/**
 * One account in this process: the token at hand, how old our view of the record is, and the one
 * flight that everybody joins.
 */
export class AccountKeeper {
  /** The sessions of this process that are in use. */
  readonly sessions = new Set<string>();
  retired = false;
  #found: FoundRecord | undefined;
  #live: LiveToken | undefined;
  /** Somebody has wanted a token: it is not only kept alive. */
  #asked = false;
  #viewedAt = Number.NEGATIVE_INFINITY;
  /** When a record was last taken over: reads that began earlier may be older than it. */
  #adoptedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #flight: Promise<FlightEnd> | undefined;
  #waiters: Waiters<FlightEnd> | undefined;
  #lookers: Waiters<void> | undefined;
  /** Why nobody waits here any more. */
  #turnedAway: TokenError | undefined;
  /** Elapsed time before which a renewal behind the callers' backs is pointless. */
  #quietUntil = Number.NEGATIVE_INFINITY;
  /** Why the last attempt brought nothing, for those who run out of patience. */
  #lastFailure: TokenError | undefined;
  /** The generation an API refused, and when its successor may be asked for again. */
  #refusal: Refusal | undefined;

  constructor(
    private readonly services: RenewalServices,
    private readonly transaction: RenewalTransaction,
    private readonly committer: Committer,
    readonly account: KnownAccount,
  ) {}

  get generation(): number {
    return this.#found?.record?.generation ?? 0;
  }

  get found(): FoundRecord | undefined {
    return this.#found;
  }

  /** Whether the token last seen still lives; how old the view of the record is does not matter. */
  get holdsToken(): boolean {
    return this.#stillValid(this.services.elapsed.recent()) !== undefined;
  }

  /** When the token last seen ends, on this process's line of elapsed time; long ago: there is none. */
  get endsAt(): number {
    return this.#live?.endsAt ?? Number.NEGATIVE_INFINITY;
  }

  get flying(): boolean {
    return this.#flight !== undefined;
  }

  /** The token at hand if it may be handed out this instant, without looking anywhere. */
  peek(): AccessToken | undefined {
    const now = this.services.elapsed.recent();
    return this.#viewIsFresh(now) ? this.#stillValid(now)?.token : undefined;
  }

  async getToken(options: TokenRequestOptions = {}): Promise<AccessToken> {
    this.#asked = true;
    const token = this.#atHand(options) ?? (await this.#getSlowly(options));
    this.#refuseReducedScope(token, options);
    return token;
  }

  /** An API refused the token of `generation`: its successor is fetched, within the guard. */
  reject(generation: number): void {
    if (this.#noteRefusal(generation) === undefined) return;
    this.#replaceRefused(generation).catch(() => {});
  }

  /** The token after a refusal of `generation`; the guard's word where there is none. */
  async successorOf(generation: number, options: TokenRequestOptions): Promise<AccessToken> {
    const refusal = this.#noteRefusal(generation);
    if (refusal !== undefined) {
      const quiet = this.services.elapsed.now() < refusal.quietUntil;
      const error = quiet
        ? refusal.error
        : (await this.#joinFlight(() => this.#replaceRefused(generation), options)).error;
      if (this.generation === generation) throw refusedToken(this.account, error);
    }
    return this.getToken(options);
  }

  /** Starts a flight, or joins the one there is. Resolves when it has ended, however. */
  async renew(trigger: Trigger, leased?: LeasedRecord): Promise<FlightEnd> {
    if (this.#flight !== undefined && 'generation' in trigger) {
      // The flight under way may be about something else; it may also do what is wanted.
      await this.#flight;
      if (this.generation !== trigger.generation) return {};
    }
    this.#flight ??= this.#fly(trigger, leased).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /** Whether the token is the account's own, at a server that can end the old one. */
  canRotate(): boolean {
    const shared = this.#found?.record?.access?.sharesUpstream ?? false;
    return !shared && this.account.provider.revoke !== undefined;
  }

  /** Resolves when nothing is in flight any more. */
  async landed(): Promise<void> {
    await this.#flight?.catch(() => {});
  }

  /** The account is no more: whoever still holds on to it asks for the next of its name. */
  retire(error: TokenError): void {
    this.retired = true;
    this.turnAway(error);
  }

  /** Ends everybody's waiting with an error: the engine is going away. */
  turnAway(error: TokenError): void {
    this.#turnedAway = error;
    this.#waiters?.rejectAll(error);
    this.#lookers?.rejectAll(error);
  }

  /** Reads the record again, whatever was known of it. */
  async look(): Promise<void> {
    const readAt = this.services.elapsed.now();
    this.#adopt(await loadRecord(this.services.store, this.account.id), { readAt });
  }

  /**
   * Takes over a record this process has written or read. An older one was overtaken on its way
   * here: only a read that began later proves a store that was rolled back.
   */
  takeOver(found: FoundRecord): void {
    if (this.#isOlder(found)) return;
    this.#adopt(found, { readAt: this.services.elapsed.now() });
  }

  /** A life that was begun by hand: it cures a store that was rolled back. */
  beginAnew(found: FoundRecord): void {
    this.#found = undefined;
    this.takeOver(found);
  }

  /** Remembers a refusal; `undefined` where it is about a token that is no longer ours. */
  #noteRefusal(generation: number): Refusal | undefined {
    if (generation !== this.generation || this.#live === undefined) return undefined;
    if (this.#refusal?.generation === generation) return this.#refusal;
    const { account, services } = this;
    this.#refusal = { generation, quietUntil: Number.NEGATIVE_INFINITY, error: undefined };
    services.events.emit('token:refused', {
      account: account.id,
      provider: account.provider.id,
      generation,
    });
    return this.#refusal;
  }

  async #replaceRefused(generation: number): Promise<FlightEnd> {
    const { elapsed, parameters } = this.services;
    const refusal = this.#refusal;
    if (refusal !== undefined && elapsed.now() < refusal.quietUntil) return {};
    const { committedBy } = this.#found?.record ?? {};
    const end = await this.renew({
      kind: 'refusal',
      generation,
      ...(committedBy === undefined ? {} : { committedBy }),
    });
    if (refusal !== undefined && this.generation === generation) {
      refusal.quietUntil = elapsed.now() + (end.retryMs ?? parameters.viewMaxAgeMs);
      refusal.error = end.error;
    }
    return end;
  }

  #atHand({ minValidityMs }: TokenRequestOptions): AccessToken | undefined {
    const live = this.#live;
    if (live === undefined) return undefined;
    const now = this.services.elapsed.recent();
    if (!this.#viewIsFresh(now) || this.#isWithdrawn(live)) return undefined;
    if (now >= this.#mandatoryAt(live, minValidityMs)) return undefined;
    if (now >= live.advisoryAt) this.#renewBehind(now);
    return live.token;
  }

  async #getSlowly(options: TokenRequestOptions): Promise<AccessToken> {
    refuseBadWait(options);
    const { elapsed, parameters } = this.services;
    const until = elapsed.now() + (options.waitMs ?? parameters.waitMs);
    try {
      return await this.#getBefore(until, options);
    } catch (error) {
      // Neither a failed renewal nor a slow one takes away a token that is still valid.
      const waited = TokenError.is(error, 'WAIT_TIMED_OUT');
      const live = waited ? (this.#stillValid() ?? (await this.#lookedAgain())) : undefined;
      if (live === undefined) throw error;
      return live.token;
    }
  }

  /** Our own renewal goes on, and another process may have had a token meanwhile. */
  async #lookedAgain(): Promise<LiveToken | undefined> {
    this.#lookers ??= this.#newWaiters();
    const waitMs = this.services.parameters.viewMaxAgeMs;
    try {
      await this.#join(this.#lookers, () => this.refreshView(), { waitMs });
    } catch {
      return undefined;
    }
    return this.#stillValid();
  }

  async #getBefore(until: number, options: TokenRequestOptions): Promise<AccessToken> {
    const { elapsed } = this.services;
    const patience = () => ({ ...options, waitMs: Math.max(0, until - elapsed.now()) });
    if (!this.#viewIsFresh(elapsed.now())) {
      this.#lookers ??= this.#newWaiters();
      await this.#join(this.#lookers, () => this.refreshView(), patience());
    }
    const token = this.#atHand(options);
    if (token !== undefined) return token;
    this.#refuseIfUpstreamRevoked();
    for (let tries = 1; ; tries += 1) {
      const end = await this.#joinFlight(() => this.renew({ kind: 'caller' }), patience());
      const live = this.#stillValid();
      if (live !== undefined) return live.token;
      this.#refuseIfUpstreamRevoked();
      if (end.error !== undefined) {
        if (end.left && tries < MOST_FLIGHTS_JOINED) continue;
        throw end.error;
      }
      if (this.#found?.record?.access?.lifetimeMs === 0) throw expiredOnArrival(this.account);
      // Alive by the store's clock, and no more by ours, which counts from before the read: or it
      // ended before it could be handed out, with a life of a second and a slow disk.
      await this.#join(this.#newWaiters<void>(), () => this.#pause(), patience());
    }
  }

  #pause(): Promise<void> {
    const { clock, parameters } = this.services;
    return clock.sleep(parameters.followPollMs);
  }

  #stillValid(now = this.services.elapsed.now()): LiveToken | undefined {
    const live = this.#live;
    if (live === undefined || now >= live.endsAt) return undefined;
    return this.#isWithdrawn(live) ? undefined : live;
  }

  /** Made from another account's token that was revoked, or is that token, and it was replaced. */
  #isWithdrawn({ upstream, sharesUpstream }: LiveToken): boolean {
    if (upstream === undefined) return false;
    const { upstreams } = this.services;
    return upstreams.isRevoked(upstream) || (sharesUpstream && upstreams.hasMoved(upstream));
  }

  #refuseIfUpstreamRevoked(): void {
    const { upstream } = this.#live ?? {};
    if (upstream === undefined || !this.services.upstreams.isRevoked(upstream)) return;
    throw new TokenError(
      'ACCOUNT_REVOKED',
      `${this.account.id} logs in with the token of ${upstream.account}, which was revoked. ` +
        `Call engine.login("${upstream.account}") to bring both back.`,
      { account: this.account.id, reason: 'upstream_revoked' },
    );
  }

  #mandatoryAt(live: LiveToken, minValidityMs: number | undefined): number {
    const onDemand = this.account.provider.profile.renewal === 'on-demand';
    if (minValidityMs === undefined || onDemand) return live.mandatoryAt;
    const lifetime = this.#found?.record?.access?.lifetimeMs ?? 0;
    const needed = Math.min(Math.max(0, minValidityMs), lifetime / 2);
    return Math.min(live.mandatoryAt, live.endsAt - needed);
  }

  #renewBehind(now: number): void {
    if (this.#flight !== undefined || now < this.#quietUntil) return;
    this.renew({ kind: 'caller' }).catch(() => {});
  }

  #joinFlight(start: () => Promise<FlightEnd>, options: TokenRequestOptions): Promise<FlightEnd> {
    this.#waiters ??= this.#newWaiters();
    return this.#join(this.#waiters, start, options);
  }

  #newWaiters<Value>(): Waiters<Value> {
    const { clock, elapsed } = this.services;
    return new Waiters(clock, elapsed, () => waitTimedOut(this.account, this.#lastFailure));
  }

  #join<Value>(
    waiters: Waiters<Value>,
    start: () => Promise<Value>,
    { signal, waitMs = this.services.parameters.waitMs }: TokenRequestOptions,
  ): Promise<Value> {
    if (signal?.aborted) return Promise.reject(aborted(signal));
    // A caller who was between two waits when all others were turned away.
    if (this.#turnedAway !== undefined) return Promise.reject(this.#turnedAway);
    const waiting = waiters.wait(waitMs, signal);
    start().then(
      (value) => waiters.resolveAll(value),
      (error) => waiters.rejectAll(error),
    );
    return waiting.catch((reason) => {
      throw signal?.aborted && reason === signal.reason ? aborted(signal) : reason;
    });
  }

  async #fly(trigger: Trigger, leased?: LeasedRecord): Promise<FlightEnd> {
    const { services, account, transaction } = this;
    const end = await flyRenewal({
      services,
      account,
      run: (first) =>
        transaction.run(account, trigger, first ? leased : undefined, (found, readAt) =>
          this.#isOvertaken(found, { readAt }),
        ),
      adopt: (outcome, readAt) => {
        this.#lastFailure = outcome.kind === 'failed' ? outcome.error : undefined;
        if (outcome.kind === 'renewed') {
          this.#adopt(outcome.found, { issuedAt: outcome.issuedAt }, outcome.access);
        } else {
          this.#adopt(outcome.found, { readAt });
        }
      },
      serves: () => {
        const wanted = trigger.kind === 'refusal' ? trigger.generation : undefined;
        return this.generation !== wanted && this.peek() !== undefined;
      },
      // What cannot be read now is found out by the next try.
      look: () => this.look().catch(() => {}),
      awaited: () => (this.#waiters?.size ?? 0) > 0,
    });
    if (end.retryMs !== undefined) this.#quietUntil = services.elapsed.now() + end.retryMs;
    return end;
  }

  #viewIsFresh(now: number): boolean {
    return now - this.#viewedAt <= this.services.parameters.viewMaxAgeMs;
  }

  /** Another process has written the record: a view that would still serve is too old by now. */
  hear(): void {
    const { elapsed } = this.services;
    if (this.flying || !this.#viewIsFresh(elapsed.now())) return;
    this.#viewedAt = Number.NEGATIVE_INFINITY;
    // Where nobody has ever asked, nobody waits for the news: they are read when somebody does.
    if (this.#asked) this.refreshView().catch(() => {});
  }

  /** Looks at the record if our view is old; while the store is down the old view has to do. */
  refreshView(): Promise<void> {
    if (this.#viewIsFresh(this.services.elapsed.now())) return Promise.resolve();
    this.#looking ??= this.#lookUpAndDown()
      .catch((error) => {
        const outage = TokenError.is(error, 'STORE_UNAVAILABLE');
        if (!outage || this.#live === undefined) throw error;
        this.#viewedAt = this.services.elapsed.now();
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  async #lookUpAndDown(): Promise<void> {
    await this.look();
    const { upstream } = this.#live ?? {};
    if (upstream !== undefined) await this.services.upstreams.look(upstream);
  }

  #adopt(found: FoundRecord, seen: Seen, access?: SealedAccess): void {
    const { services, account } = this;
    const known = this.#found?.record;
    const { record } = found;
    if (this.#isOvertaken(found, seen)) return;
    this.#viewedAt = 'readAt' in seen ? seen.readAt : services.elapsed.now();
    this.#adoptedAt = services.elapsed.now();
    this.#found = found;
    const { access: kept, state } = record ?? {};
    if (record === undefined || kept === undefined || kept.ended || state === 'revoked') {
      this.#live = undefined;
      return;
    }
    // One generation can be had twice: by a pair that only escrow has, and by one that others have
    // committed meanwhile. What is committed is the account's.
    const same =
      known?.incarnation === record.incarnation &&
      known.generation === record.generation &&
      known.committedBy === record.committedBy;
    if (same && this.#live !== undefined) {
      this.#live = seenAgain(services, account, this.#live, found, seen);
      return;
    }
    const opened = access ?? services.tokens.openAccess(account.id, record);
    if (opened === undefined) return;
    this.#live = liveToken(services, account, found, opened, seen);
    this.#refusal = undefined;
    if (!('readAt' in seen) || same) return;
    services.events.emit('token:adopted', {
      account: account.id,
      provider: account.provider.id,
      generation: record.generation,
    });
  }

  /** Whether a record is older than what is known, and rightly so. @throws TokenError it is not */
  #isOvertaken(found: FoundRecord, seen: Seen): boolean {
    const { account, committer, services } = this;
    if (!this.#isOlder(found)) return false;
    if (committer.isUnsaved(account.id)) return true;
    // A read that a commit has overtaken proves nothing.
    const overtakenAt = Math.max(this.#adoptedAt, committer.savedAt(account.id));
    if ('readAt' in seen && seen.readAt <= overtakenAt) return true;
    throw rolledBack(account, services.store.traits.location);
  }

  #isOlder({ record }: FoundRecord): boolean {
    const known = this.#found?.record;
    if (known === undefined || record === undefined) return false;
    const [was, is] = [counterOf(known.incarnation), counterOf(record.incarnation)];
    if (is !== was) return is < was;
    return known.incarnation === record.incarnation && record.generation < known.generation;
  }

  #refuseReducedScope(token: AccessToken, { scope }: TokenRequestOptions): void {
    const wanted = scope ?? this.account.config.scope;
    if (!lacksScope(token.scope, wanted)) return;
    throw new TokenError(
      'INSUFFICIENT_SCOPE',
      `${this.account.id} was granted "${token.scope}", which lacks part of "${wanted}". ` +
        'Ask for less with getToken(key, { scope }), or have the grant widened.',
      { account: this.account.id, reason: 'scope_reduced' },
    );
  }
}

function refuseBadWait({ waitMs = 0, minValidityMs = 0 }: TokenRequestOptions): void {
  if (waitMs >= 0 && minValidityMs >= 0) return;
  throw new TypeError('waitMs and minValidityMs are numbers of milliseconds, 0 or more.');
}
