import type { EpochMs } from '../clock/clock.js';
import type { Pace } from '../provider/provider-profile.js';

/** What a fleet has taken of a pace. Lives in a row of its own, on the store's clock. */
export interface PaceLedger {
  /**
   * When the bucket will be full again: the "theoretical arrival time" of the generic cell rate
   * algorithm (ITU-T I.371, annex A), which is a bucket in one number.
   */
  readonly fullAt: EpochMs;
  /** Requests on their way, and how long each may be at most: a process that died frees its own. */
  readonly underway: readonly UnderwayRequest[];
}

export interface UnderwayRequest {
  readonly id: string;
  readonly until: EpochMs;
}

export interface PlaceWanted {
  readonly id: string;
  readonly now: EpochMs;
  /** How far ahead a turn may lie. Milliseconds. */
  readonly patienceMs: number;
  /** The most patience anybody has: what lies farther ahead was written before a clock went back. */
  readonly longestMs: number;
  /** Longest time from the turn to the end of the request. Milliseconds. */
  readonly lastsMs: number;
}

export type PlaceTaken =
  | { readonly granted: true; readonly at: EpochMs; readonly ledger: PaceLedger }
  /** `retryAt` is `undefined` where nobody knows: a request has to end first. */
  | { readonly granted: false; readonly retryAt: EpochMs | undefined };

export const unpaced: PaceLedger = { fullAt: 0, underway: [] };

/** Takes the next turn, and a place among those that are on their way. */
export function takePlace(ledger: PaceLedger, pace: Pace, wanted: PlaceWanted): PlaceTaken {
  const { now, patienceMs, longestMs, lastsMs, id } = wanted;
  const underway = ledger.underway.filter(
    ({ until }) => until > now && until <= now + longestMs + lastsMs,
  );
  if (pace.concurrent !== undefined && underway.length >= pace.concurrent) {
    return { granted: false, retryAt: undefined };
  }
  const gapMs = pace.perSecond === undefined ? 0 : 1_000 / pace.perSecond;
  const burstMs = (Math.max(1, pace.burst ?? 1) - 1) * gapMs;
  const fullAt = Math.min(Math.max(ledger.fullAt, now), now + longestMs + burstMs + gapMs);
  const at = Math.max(now, fullAt - burstMs);
  if (at - now > patienceMs) return { granted: false, retryAt: Math.ceil(at - patienceMs) };
  const taken = pace.concurrent === undefined ? [] : [{ id, until: at + lastsMs }];
  return {
    granted: true,
    at,
    ledger: { fullAt: gapMs === 0 ? 0 : fullAt + gapMs, underway: [...underway, ...taken] },
  };
}

/** The request has ended, however it did. Its turn stays taken: it may have been sent. */
export function leavePlace(ledger: PaceLedger, id: string): PaceLedger {
  const underway = ledger.underway.filter((request) => request.id !== id);
  return underway.length === ledger.underway.length ? ledger : { ...ledger, underway };
}

/** A turn, and when the bucket was going to be full once it was taken. */
export interface PlaceReturned {
  readonly id: string;
  readonly fullAt: EpochMs;
}

/**
 * A turn that was taken and not used at all. Where others have taken theirs behind it, it lapses: a
 * turn given back at the end of their queue would be one that two have.
 */
export function returnPlace(
  ledger: PaceLedger,
  pace: Pace,
  { id, fullAt }: PlaceReturned,
): PaceLedger {
  const left = leavePlace(ledger, id);
  if (pace.perSecond === undefined || left.fullAt !== fullAt) return left;
  return { ...left, fullAt: fullAt - 1_000 / pace.perSecond };
}
