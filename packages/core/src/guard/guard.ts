import type { EpochMs } from '../clock/clock.js';
import type { Random } from '../clock/random.js';
import type { Parameters } from '../parameters/parameters.js';
import type { GuardReason, GuardState, RequestSlot } from './guard-state.js';

/** What somebody wants to do, and what the guard needs to know to judge it. */
export interface GuardRequest {
  readonly now: EpochMs;
  readonly generation: number;
  /** The API refused a token that had not ended. */
  readonly forced: boolean;
  /** It replaces such a token, whatever it was made for: to end a doubt, or because it was time. */
  readonly replacesRefused?: boolean;
  /** An obtain after the account's own session ended. */
  readonly session: boolean;
  /** The token counts as ended because the store's machine was off. */
  readonly rebooted?: boolean;
  /** Assumed lifetime until a token has lived. Milliseconds. */
  readonly defaultLifetimeMs: number;
}

export type GuardVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: GuardReason; readonly retryAt: EpochMs };

const SLOTS = 12;

/** Stands before every token request, whatever triggered it. First objection wins. */
export function judge(state: GuardState, request: GuardRequest, p: Parameters): GuardVerdict {
  const objection =
    notBefore(state, request) ??
    gap(state, request, p) ??
    forcedGap(state, request, p) ??
    caps(state, request, p);
  return objection ?? { allowed: true };
}

function notBefore(state: GuardState, request: GuardRequest): GuardVerdict | undefined {
  const { now, forced, rebooted } = request;
  if (state.freeStep || state.notBefore === undefined || now >= state.notBefore) return undefined;
  // Half of the life left means nothing for a token that is refused, where the forced gap holds
  // instead, nor for one that counts as ended since a reboot.
  if ((forced || rebooted) && state.notBeforeReason === 'unchanged_token') return undefined;
  return refused(state.notBeforeReason ?? 'backoff', state.notBefore);
}

function gap(state: GuardState, request: GuardRequest, p: Parameters): GuardVerdict | undefined {
  const { now, forced, generation } = request;
  if (state.freeStep || state.lastRequestAt === undefined) return undefined;
  if (forced && state.forcedGeneration !== generation) return undefined;
  const until = state.lastRequestAt + Math.min(p.gapMs, assumedLifetime(state, request) / 10);
  return now < until ? refused('gap', until) : undefined;
}

function forcedGap(
  state: GuardState,
  { now, forced }: GuardRequest,
  p: Parameters,
): GuardVerdict | undefined {
  // A step down the ladder is part of the same forced renewal, not a second one.
  if (!forced || state.freeStep || state.forcedAt === undefined) return undefined;
  const until = state.forcedAt + p.forcedGapMs;
  return now < until ? refused('forced_gap', until) : undefined;
}

function caps(state: GuardState, request: GuardRequest, p: Parameters): GuardVerdict | undefined {
  const perWindow = Math.ceil(p.capWindowMs / assumedLifetime(state, request));
  const usableCap = Math.max(p.usableCap, 2 * perWindow);
  const otherCap = Math.max(p.otherCap, perWindow);
  const live = liveSlots(state, request.now, p);
  const full = request.session
    ? total(live, 'session') >= p.sessionCap
    : total(live, 'usable') >= usableCap ||
      // Half of the cap is kept for expiry, whatever one endpoint refuses.
      total(live, 'other') >= (request.forced ? Math.ceil(otherCap / 2) : otherCap);
  const [oldest] = live;
  if (!full || oldest === undefined) return undefined;
  return refused('hourly_cap', oldest.start + p.capWindowMs + p.capWindowMs / SLOTS);
}

/** The state once the request is on its way; made durable before its first byte. */
export function noteRequest(state: GuardState, request: GuardRequest, p: Parameters): GuardState {
  const { freeStep: _used, ...rest } = state;
  const kind = request.session ? 'session' : 'other';
  return {
    ...rest,
    lastRequestAt: request.now,
    slots: counted(liveSlots(state, request.now, p), request.now, p, kind, 1),
    ...(request.forced ? { forcedAt: request.now } : {}),
  };
}

/** Takes back a noted request of which provably nothing was sent. */
export function forgetRequest(state: GuardState, before: GuardState): GuardState {
  const { lastRequestAt: _at, forcedAt: _forced, ...rest } = state;
  return {
    ...rest,
    slots: before.slots,
    ...(before.lastRequestAt === undefined ? {} : { lastRequestAt: before.lastRequestAt }),
    ...(before.forcedAt === undefined ? {} : { forcedAt: before.forcedAt }),
  };
}

/** The request brought a token that can be used: it counts against the larger cap. */
export function noteUsable(state: GuardState, request: GuardRequest, p: Parameters): GuardState {
  const { notBefore: _until, notBeforeReason: _why, freeStep: _step, ...waiting } = state;
  const { refused: _no, ...rest } = waiting;
  const before = request.forced ? withoutDisappointment(state, request.generation) : state.slots;
  const slots = request.session
    ? before
    : counted(counted(before, request.now, p, 'other', -1), request.now, p, 'usable', 1);
  return {
    ...rest,
    slots,
    ambiguous: 0,
    ...(request.forced ? { forcedGeneration: request.generation } : {}),
    // If the new one is refused as well, the next waits as after a renewal made for a refusal.
    ...(request.replacesRefused
      ? { forcedGeneration: request.generation, forcedAt: request.now }
      : {}),
  };
}

/** One more failure: the next request waits `d/2 + U(0, d/2)`, at least `floorMs`. */
export function noteFailure(
  state: GuardState,
  now: EpochMs,
  p: Parameters,
  random: Random,
  floor?: { readonly ms: number; readonly reason: GuardReason },
): GuardState {
  const { freeStep: _step, ...rest } = state;
  const d = Math.min(p.backoffMaxMs, p.backoffBaseMs * 2 ** Math.min(state.failures, 30));
  const wait = d / 2 + random.float() * (d / 2);
  const floored = floor !== undefined && floor.ms > wait;
  return {
    ...rest,
    failures: state.failures + 1,
    notBefore: now + (floored ? floor.ms : wait),
    notBeforeReason: floored ? floor.reason : 'backoff',
  };
}

/**
 * The host is left alone for `ms`. That is no failure of this account: it neither counts nor
 * grows its backoff, or healing would take both pauses, one after the other.
 */
export function noteHeldBack(
  state: GuardState,
  now: EpochMs,
  ms: number,
  random: Random,
): GuardState {
  // Spread a little, so that the accounts of a host do not all come back at once.
  return pausedUntil(state, now + ms * (1 + random.float() / 10), 'breaker');
}

/**
 * The server refuses so many that its no to this account is not believed. The account comes back
 * somewhere in the minute after `until`: each of those that wait in a minute of its own.
 */
export function noteUnbelieved(
  state: GuardState,
  until: EpochMs,
  p: Parameters,
  random: Random,
): GuardState {
  return pausedUntil(state, until + random.float() * p.incidentProbeMs, 'provider_incident');
}

/** No failure of the account, so it does not count as one. */
function pausedUntil(state: GuardState, until: EpochMs, reason: GuardReason): GuardState {
  const { freeStep: _step, ...rest } = state;
  if (state.notBefore !== undefined && state.notBefore >= until) return rest;
  return { ...rest, notBefore: until, notBeforeReason: reason };
}

/** The generation's token did its service: what failed before it is forgotten. Once each. */
export function noteLived(state: GuardState, generation: number, lifetimeMs: number): GuardState {
  if (state.livedGeneration === generation) return state;
  return { ...state, failures: 0, livedGeneration: generation, livedMs: lifetimeMs };
}

/** A person brought new tokens: what failed before says nothing about them. Rates still hold. */
export function pardon(state: GuardState): GuardState {
  const { notBefore: _until, notBeforeReason: _why, freeStep: _step, ...rest } = state;
  const { rejectedCredentials: _latch, refused: _no, ...unlatched } = rest;
  return { ...unlatched, failures: 0, ambiguous: 0 };
}

/** A token that is replaced because it was refused before it lived was not usable after all. */
function withoutDisappointment(state: GuardState, generation: number): readonly RequestSlot[] {
  if (state.livedGeneration === generation) return state.slots;
  const at = state.slots.findLastIndex(({ usable }) => usable > 0);
  return state.slots.map((slot, index) =>
    index === at ? { ...slot, usable: slot.usable - 1, other: slot.other + 1 } : slot,
  );
}

function assumedLifetime(state: GuardState, request: GuardRequest): number {
  return Math.max(1, state.livedMs ?? request.defaultLifetimeMs);
}

function liveSlots(state: GuardState, now: EpochMs, p: Parameters): RequestSlot[] {
  const oldest = now - p.capWindowMs - p.capWindowMs / SLOTS;
  return state.slots.filter(({ start }) => start > oldest);
}

function counted(
  slots: readonly RequestSlot[],
  now: EpochMs,
  p: Parameters,
  kind: 'usable' | 'other' | 'session',
  by: 1 | -1,
): RequestSlot[] {
  const width = p.capWindowMs / SLOTS;
  const start = Math.floor(now / width) * width;
  const last = slots.at(-1);
  const current =
    last !== undefined && last.start >= start ? last : { start, usable: 0, other: 0, session: 0 };
  const others = current === last ? slots.slice(0, -1) : slots;
  return [...others, { ...current, [kind]: Math.max(0, current[kind] + by) }];
}

function total(slots: readonly RequestSlot[], kind: 'usable' | 'other' | 'session'): number {
  return slots.reduce((sum, slot) => sum + slot[kind], 0);
}

function refused(reason: GuardReason, retryAt: EpochMs): GuardVerdict {
  return { allowed: false, reason, retryAt };
}
