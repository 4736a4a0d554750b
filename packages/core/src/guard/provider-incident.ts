import type { EpochMs } from '../clock/clock.js';
import type { Parameters } from '../parameters/parameters.js';

type Operation = 'refresh' | 'obtain';

/**
 * What is known of a provider that refuses many accounts at once: then the accounts are not to
 * blame. Lives in a row of its own, on the store's clock, for all processes and restarts.
 *
 * `calm`: refusals are believed, up to a number. `suspected`: that number is used up, and what is
 * refused now is not believed yet. `frozen`: it is the provider's incident, and only probes ask.
 */
export interface ProviderIncident {
  readonly phase: 'calm' | 'suspected' | 'frozen';
  /** When the phase began, and when it ends by itself. 0 where it is calm. */
  readonly since: EpochMs;
  readonly until: EpochMs;
  /** Accounts refused lately, each once, oldest first. */
  readonly refusals: readonly CountedRefusal[];
  /** The provider's accounts, when one of them was last refused. Count. */
  readonly known: number;
  /** What the provider refuses. Where that is refreshing, logins are held back as well. */
  readonly cause: Operation;
  /** Suspected: some account succeeded with it meanwhile. */
  readonly succeeded: boolean;
  /** When one more refused account may try. */
  readonly probeAt: EpochMs;
  /** The time of the last incident: what was believed in it is void. */
  readonly span?: { readonly from: EpochMs; readonly until: EpochMs; readonly cause: Operation };
  readonly aftermath?: Aftermath;
}

/** What holds after a suspicion or a freeze. */
export interface Aftermath {
  /** Its end: everybody can have logged in by then, and nobody was refused for a while. */
  readonly quietAt: EpochMs;
  /** When one more account may log in. */
  readonly loginAt: EpochMs;
  /** What a whole freeze did not heal: such refusals are true. */
  readonly believed: readonly Operation[];
  /** How many accounts' refusals are believed before the next suspicion. Count. */
  readonly allowance: number;
}

export interface CountedRefusal {
  readonly at: EpochMs;
  readonly operation: Operation;
  readonly believed: boolean;
}

/** A final no of a server: to a refresh token, or to a login. */
export interface FinalRefusal {
  readonly now: EpochMs;
  readonly operation: Operation;
  /** When this account was counted the last time. */
  readonly countedAt: EpochMs | undefined;
  /** Accounts of this provider. Count. */
  readonly known: number;
}

export interface Judgement {
  readonly state: ProviderIncident;
  readonly believed: boolean;
  /** The moment this account is counted with. */
  readonly at: EpochMs;
}

export interface Success {
  readonly now: EpochMs;
  readonly sentAt: EpochMs;
  readonly operation: Operation;
  /** The account's last refusal was not believed. */
  readonly refused: boolean;
}

/** Somebody wants to send a token request. */
export interface Ask {
  readonly now: EpochMs;
  readonly operation: Operation;
  /** The account's last refusal was not believed. */
  readonly refused: boolean;
  /** Somebody waits for it, and there is no token that can be used meanwhile. */
  readonly urgent: boolean;
}

export type Admission =
  /** `state` is another one where a place was taken. */
  | { readonly allowed: true; readonly state: ProviderIncident }
  | { readonly allowed: false; readonly reason: HoldReason; readonly retryAt: EpochMs };

/** `login_pace`: the incident is over, and logins go one by one. */
export type HoldReason = 'provider_incident' | 'login_pace';

/** What becomes of verdicts that were given at `at`. */
export type Review =
  | { readonly kind: 'void'; readonly cause: Operation }
  | { readonly kind: 'final' }
  | { readonly kind: 'open'; readonly retryAt: EpochMs };

/** More are not counted, so that the row stays small. */
const MOST_COUNTED = 1_000;

export const noIncident: ProviderIncident = {
  phase: 'calm',
  since: 0,
  until: 0,
  refusals: [],
  known: 0,
  cause: 'obtain',
  succeeded: false,
  probeAt: 0,
};

/** With fewer accounts nothing can be said of the provider. */
export function isJudged(known: number, p: Parameters): boolean {
  return known >= p.incidentAccounts;
}

/** Whether a refusal is believed: the one place that tells an incident from dead accounts. */
export function judgeRefusal(
  incident: ProviderIncident,
  refusal: FinalRefusal,
  p: Parameters,
): Judgement {
  const { now, operation, countedAt, known } = refusal;
  const state = { ...disturbed(settled(incident, now, p), now, p), known };
  const { aftermath } = state;
  if (state.phase !== 'frozen' && aftermath?.believed.includes(operation)) {
    return { state, believed: true, at: now };
  }
  const own = state.refusals.find(({ at }) => at === countedAt);
  const at = own?.at ?? ownMoment(state, now);
  if (state.phase === 'frozen') return { state, believed: false, at };

  const entry = { at, operation, believed: false };
  const refusals = own === undefined ? [...state.refusals, entry] : state.refusals;
  const held = { ...state, refusals };
  if (isIncident(held, refusal, p)) {
    return { state: frozen(held, now, p), believed: false, at };
  }
  if (own?.believed) return { state: held, believed: true, at };
  if (state.phase === 'suspected') return { state: held, believed: false, at };

  const believed = refusals.filter((each) => each.believed).length;
  if (believed >= (aftermath?.allowance ?? p.incidentAccounts)) {
    return { state: suspected(held, now, p), believed: false, at };
  }
  const entries = refusals.map((each) => (each.at === at ? { ...each, believed: true } : each));
  return { state: { ...held, refusals: entries }, believed: true, at };
}

/** Where a request may go: freely, in a place of its own, or not yet. */
export function admitRequest(incident: ProviderIncident, ask: Ask, p: Parameters): Admission {
  const { now, operation, refused, urgent } = ask;
  const state = settled(incident, now, p);
  if (isFrozen(state, operation)) {
    // Nobody waits for the others, and what they would be told is known.
    if (!refused && !urgent) return held(Math.min(state.until, now + p.incidentProbeMs));
    return probe(state, now, p);
  }
  if (state.phase === 'suspected' && refused) return probe(state, now, p);
  if (operation === 'obtain' && state.aftermath !== undefined) {
    return login(state, state.aftermath, now, p);
  }
  return { allowed: true, state };
}

/** A request of `sentAt` brought tokens. */
export function noteSuccess(
  incident: ProviderIncident,
  { now, sentAt, operation, refused }: Success,
  p: Parameters,
): ProviderIncident {
  const state = settled(incident, now, p);
  // What had left before, or is something else, says nothing about what is refused now.
  if (state.phase === 'calm' || sentAt < state.since || operation !== state.cause) return state;
  if (state.phase === 'frozen') return thawed(state, now, [], p);
  // Refused first, and then not: the no was not true, and so were perhaps those before it.
  const { cause } = state;
  const span = { ...spanFrom(state, now, cause, p), until: now };
  if (refused) return thawed({ ...state, span }, now, [], p);
  return settled({ ...state, succeeded: true }, now, p);
}

/** What became of verdicts that were believed at `at`. */
export function reviewVerdict(
  incident: ProviderIncident,
  at: EpochMs,
  now: EpochMs,
  p: Parameters,
): Review {
  const { span, phase } = settled(incident, now, p);
  if (span !== undefined && at >= span.from && at <= span.until) {
    return { kind: 'void', cause: span.cause };
  }
  const finalAt = at + p.incidentFreezeMs;
  if (now >= finalAt && phase === 'calm') return { kind: 'final' };
  return { kind: 'open', retryAt: now + p.incidentProbeMs };
}

/** The state as time alone has made it. */
export function settled(state: ProviderIncident, now: EpochMs, p: Parameters): ProviderIncident {
  switch (state.phase) {
    case 'frozen':
      if (now < state.until) return state;
      return settled(thawed(state, state.until, [state.cause], p), now, p);
    case 'suspected':
      if (now < state.until) return state;
      // Nobody was refused again, which is as good as a success.
      if (!state.succeeded && now < state.until + p.incidentWindowMs) return state;
      return settled(released(state, p), now, p);
    case 'calm':
      return forgetful(state, now, p);
  }
}

function forgetful(state: ProviderIncident, now: EpochMs, p: Parameters): ProviderIncident {
  const { aftermath, ...rest } = state;
  const recent = state.refusals.filter(({ at }) => at > now - p.incidentFreezeMs);
  const quiet = aftermath !== undefined && now >= aftermath.quietAt;
  if (recent.length === state.refusals.length && !quiet) return state;
  return {
    ...rest,
    refusals: recent,
    ...(aftermath === undefined || quiet ? {} : { aftermath }),
  };
}

/** The quiet begins anew. */
function disturbed(state: ProviderIncident, now: EpochMs, p: Parameters): ProviderIncident {
  const { aftermath } = state;
  if (aftermath === undefined) return state;
  const quietAt = Math.max(aftermath.quietAt, now + p.incidentFreezeMs);
  return { ...state, aftermath: { ...aftermath, quietAt } };
}

/** Many accounts in a short time; or everybody, although few of them had a reason to ask. */
function isIncident(
  { phase, since, until, succeeded, refusals }: ProviderIncident,
  { now, known }: FinalRefusal,
  p: Parameters,
): boolean {
  const suspicious = phase === 'suspected';
  const from = (suspicious ? since : now) - p.incidentWindowMs;
  const many = Math.min(MOST_COUNTED, Math.ceil((known * p.incidentPercent) / 100));
  const recent = refusals.filter(({ at }) => at > from).length;
  if (recent >= Math.max(p.incidentAccounts, many)) return true;
  return suspicious && !succeeded && now >= until;
}

function suspected(state: ProviderIncident, now: EpochMs, p: Parameters): ProviderIncident {
  return {
    ...state,
    phase: 'suspected',
    since: now,
    until: now + p.incidentWindowMs,
    cause: causeOf(state),
    succeeded: false,
    probeAt: now + p.incidentProbeMs,
  };
}

function frozen(state: ProviderIncident, now: EpochMs, p: Parameters): ProviderIncident {
  const until = now + p.incidentFreezeMs;
  const cause = causeOf(state);
  const probeAt = now + p.incidentProbeMs;
  const span = { ...spanFrom(state, now, cause, p), until };
  return { ...state, phase: 'frozen', since: now, until, cause, probeAt, span };
}

/** After a short break it is the same incident: not all that was believed in it is void yet. */
function spanFrom(
  { span, refusals }: ProviderIncident,
  now: EpochMs,
  cause: Operation,
  p: Parameters,
) {
  const from = refusals[0]?.at ?? now;
  if (span === undefined || from - span.until >= p.incidentFreezeMs) return { from, cause };
  return { from: span.from, cause: span.cause === 'refresh' ? span.cause : cause };
}

/** The freeze is over: by a success, or because its time has run out and nothing else helped. */
function thawed(
  state: ProviderIncident,
  at: EpochMs,
  proved: readonly Operation[],
  p: Parameters,
): ProviderIncident {
  const { span, aftermath } = state;
  return {
    ...noIncident,
    ...(span === undefined ? {} : { span: { ...span, until: at } }),
    aftermath: {
      quietAt: quietAfter(state, at, p),
      loginAt: at,
      believed: [...new Set([...(aftermath?.believed ?? []), ...proved])],
      allowance: p.incidentAccounts,
    },
  };
}

/** Some were refused and others were not: these accounts are dead. Each of them is believed. */
function released(state: ProviderIncident, p: Parameters): ProviderIncident {
  const { refusals, until, span, aftermath } = state;
  const held = refusals.filter(({ believed }) => !believed).length;
  return {
    ...noIncident,
    ...(span === undefined ? {} : { span }),
    aftermath: {
      quietAt: quietAfter(state, until, p),
      loginAt: until,
      believed: aftermath?.believed ?? [],
      allowance: p.incidentAccounts + held,
    },
  };
}

function quietAfter({ known }: ProviderIncident, at: EpochMs, p: Parameters): EpochMs {
  return at + p.incidentFreezeMs + known * p.incidentLoginGapMs;
}

function probe(state: ProviderIncident, now: EpochMs, p: Parameters): Admission {
  if (now < state.probeAt) return held(state.probeAt);
  return { allowed: true, state: { ...state, probeAt: now + p.incidentProbeMs } };
}

function login(
  state: ProviderIncident,
  aftermath: Aftermath,
  now: EpochMs,
  p: Parameters,
): Admission {
  if (now < aftermath.loginAt) return held(aftermath.loginAt, 'login_pace');
  const loginAt = now + p.incidentLoginGapMs;
  return { allowed: true, state: { ...state, aftermath: { ...aftermath, loginAt } } };
}

function isFrozen({ phase, cause }: ProviderIncident, operation: Operation): boolean {
  return phase === 'frozen' && (operation === 'obtain' || cause === 'refresh');
}

function causeOf({ refusals }: ProviderIncident): Operation {
  return refusals.some(({ operation }) => operation === 'refresh') ? 'refresh' : 'obtain';
}

/** Accounts are known by the moment they are counted with: each has one of its own. */
function ownMoment({ refusals }: ProviderIncident, now: EpochMs): EpochMs {
  return Math.max(now, (refusals.at(-1)?.at ?? 0) + 1);
}

function held(retryAt: EpochMs, reason: HoldReason = 'provider_incident'): Admission {
  return { allowed: false, reason, retryAt };
}
