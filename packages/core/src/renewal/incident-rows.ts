import type { EpochMs } from '../clock/clock.js';
import type { ElapsedTime } from '../clock/elapsed-time.js';
import { TokenError } from '../errors/token-error.js';
import type { EventHub } from '../events/event-hub.js';
import type { GuardState } from '../guard/guard-state.js';
import {
  type Ask,
  admitRequest,
  isJudged,
  judgeRefusal,
  noIncident,
  noteSuccess,
  type ProviderIncident,
  type Review,
  reviewVerdict,
  type Success,
  settled,
} from '../guard/provider-incident.js';
import type { Parameters } from '../parameters/parameters.js';
import type { AccountRegistry, KnownAccount } from '../provider/account-registry.js';
import { editSharedRow, MOST_RIVALS } from '../store/shared-row.js';
import type { WatchedStore } from '../store/watched-store.js';
import { IncidentHold } from './incident-hold.js';

type Operation = Ask['operation'];

interface Services {
  readonly store: WatchedStore;
  readonly elapsed: ElapsedTime;
  readonly events: EventHub;
  readonly parameters: Parameters;
  readonly registry: AccountRegistry;
}

/** A row as this process last saw it. */
interface View {
  readonly state: ProviderIncident;
  /** On elapsed time. */
  readonly readAt: number;
}

/** Whether a final refusal is believed, and the moment it is counted with. */
export interface Verdict {
  readonly at: EpochMs;
  /** Not believed: nothing more is asked for this account before then. On the store's clock. */
  readonly heldUntil?: EpochMs;
}

/**
 * The incidents of providers, one row each. Read where an account logs in, was refused, or is
 * refused; and once in a while by a process that refreshes, so that it knows of an incident that
 * others have found.
 */
export class IncidentRows {
  readonly #views = new Map<string, View>();
  /** Changes of one row by this process go one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(private readonly services: Services) {}

  /** Whether a request has to wait. Nothing is written. */
  async refusal(account: KnownAccount, ask: Omit<Ask, 'now'>): Promise<IncidentHold | undefined> {
    if (!this.#judges(account)) return undefined;
    const { store, parameters: p } = this.services;
    const { state } = await this.#seen(account, ask);
    const admission = admitRequest(state, { ...ask, now: store.estimate().ms }, p);
    return admission.allowed ? undefined : new IncidentHold(account, admission);
  }

  /**
   * Takes the place of a request that is about to leave, where it needs one.
   *
   * @throws IncidentHold where others were faster
   */
  async admit(account: KnownAccount, ask: Omit<Ask, 'now'>): Promise<void> {
    if (!this.#judges(account)) return;
    const { store, parameters: p } = this.services;
    const { state } = await this.#seen(account, ask);
    const expected = admitRequest(state, { ...ask, now: store.estimate().ms }, p);
    if (expected.allowed && expected.state === state) return;
    await this.#edit(account.provider.id, (current, now) => {
      const admission = admitRequest(current, { ...ask, now }, p);
      if (!admission.allowed) throw new IncidentHold(account, admission);
      return admission.state;
    });
  }

  /** What a final refusal is worth; `undefined` where too few accounts are known to say. */
  async judge(
    account: KnownAccount,
    operation: Operation,
    counted: GuardState['refused'],
  ): Promise<Verdict | undefined> {
    if (!this.#judges(account)) return undefined;
    const { parameters: p } = this.services;
    const known = this.#accountsOf(account.provider.id);
    let verdict: Verdict | undefined;
    await this.#edit(account.provider.id, (current, now) => {
      const refusal = { now, operation, countedAt: counted?.at, known };
      const { state, believed, at } = judgeRefusal(current, refusal, p);
      verdict = believed ? { at } : { at, heldUntil: now + p.incidentProbeMs };
      return state;
    });
    return verdict;
  }

  /** A request brought tokens. It costs nothing unless this process knows of an incident. */
  async succeeded({ provider }: KnownAccount, success: Omit<Success, 'now'>): Promise<void> {
    const { parameters: p } = this.services;
    const view = this.#views.get(provider.id);
    if (view === undefined || view.state.phase === 'calm') return;
    // The tokens are there, whatever becomes of this: the next success says so again.
    await this.#edit(provider.id, (current, now) =>
      noteSuccess(current, { ...success, now }, p),
    ).catch(() => {});
  }

  /** What became of the verdicts an account was given at `at`. */
  async review(account: KnownAccount, at: EpochMs): Promise<Review> {
    const { store, parameters: p } = this.services;
    const { state } = await this.#seen(account);
    return reviewVerdict(state, at, store.estimate().ms, p);
  }

  /** Providers that have an incident, as far as this process knows. Ends on the store's clock. */
  open(): { readonly provider: string; readonly until: EpochMs }[] {
    const { store, parameters: p } = this.services;
    const now = store.estimate().ms;
    return [...this.#views]
      .map(([provider, { state }]) => ({ provider, ...settled(state, now, p) }))
      .filter(({ phase }) => phase === 'frozen')
      .map(({ provider, until }) => ({ provider, until }));
  }

  #judges({ provider }: KnownAccount): boolean {
    return isJudged(this.#accountsOf(provider.id), this.services.parameters);
  }

  #accountsOf(id: string): number {
    return this.services.registry.countOf(id);
  }

  /** A refresh may go by an older view: the first one that is refused finds the incident. */
  async #seen({ provider }: KnownAccount, ask?: Omit<Ask, 'now'>): Promise<View> {
    const { elapsed, parameters: p } = this.services;
    const view = this.#views.get(provider.id);
    const ordinary = ask?.operation === 'refresh' && !ask.refused;
    const calm = view?.state.phase === 'calm';
    const maxAgeMs = ordinary && calm ? p.incidentProbeMs : p.viewMaxAgeMs;
    if (view !== undefined && elapsed.now() - view.readAt <= maxAgeMs) return view;
    const { state } = await this.#read(provider.id);
    return this.#keep(provider.id, state);
  }

  async #read(provider: string) {
    const { row, time } = await this.services.store.read('budget', rowId(provider));
    return { row, time, state: row === undefined ? noIncident : parse(row.body) };
  }

  #keep(provider: string, state: ProviderIncident): View {
    const view = { state, readAt: this.services.elapsed.now() };
    this.#views.set(provider, view);
    return view;
  }

  #edit(provider: string, change: (state: ProviderIncident, now: EpochMs) => ProviderIncident) {
    const before = this.#turns.get(provider) ?? Promise.resolve();
    const turn = before.then(() => this.#change(provider, change));
    this.#turns.set(
      provider,
      turn.catch(() => {}),
    );
    return turn;
  }

  async #change(
    provider: string,
    change: (state: ProviderIncident, now: EpochMs) => ProviderIncident,
  ): Promise<void> {
    const edited = await editSharedRow(this.services.store, rowId(provider), {
      parse,
      change: (state, now) => {
        this.#keep(provider, state);
        return change(state, now);
      },
    });
    if (edited !== undefined) {
      const { before, after } = edited;
      if (after === before) return;
      this.#keep(provider, after);
      this.#tell(provider, before, after);
      return;
    }
    throw new TokenError(
      'STORE_UNAVAILABLE',
      `The incident row of ${provider} was changed by others ${MOST_RIVALS} times in a row.`,
      { retryable: true, reason: 'contention', provider },
    );
  }

  /** Each change is written by one process, and told by it. */
  #tell(provider: string, was: ProviderIncident, is: ProviderIncident): void {
    const { events } = this.services;
    const same = is.phase === was.phase && is.since === was.since;
    if (was.phase === 'frozen' && !same) {
      const endedAt = is.phase === 'frozen' ? was.until : (is.span?.until ?? was.until);
      const lastedMs = endedAt - was.since;
      events.emit('provider:incident_ended', { provider, cause: was.cause, lastedMs });
    }
    if (is.phase === 'frozen' && !same) {
      const { cause, refusals } = is;
      const facts = { refused: refusals.length, known: this.#accountsOf(provider) };
      events.emit('provider:incident_began', { provider, cause, ...facts });
    }
  }
}

/** No budget's: those end in a hash. */
function rowId(provider: string): string {
  return `${provider}/incident`;
}

/** A row that nobody can read protects nobody. It must not stop anybody either. */
function parse(body: string | undefined): ProviderIncident {
  if (body === undefined) return noIncident;
  try {
    const state = JSON.parse(body) as ProviderIncident;
    const { phase, since, until, probeAt, known, refusals, span, aftermath } = state;
    const { quietAt = 0, loginAt = 0, allowance = 0, believed = [] } = aftermath ?? {};
    const times = [since, until, probeAt, known, ...refusals.map(({ at }) => at)];
    const rest = [span?.from ?? 0, span?.until ?? 0, quietAt, loginAt, allowance];
    const phases: readonly string[] = ['calm', 'suspected', 'frozen'];
    const whole = [...times, ...rest].every(Number.isFinite) && Array.isArray(believed);
    if (whole && phases.includes(phase)) return state;
  } catch {}
  return noIncident;
}
