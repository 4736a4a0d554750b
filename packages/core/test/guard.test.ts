import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  forgetRequest,
  type GuardRequest,
  judge,
  noteFailure,
  noteLived,
  noteRequest,
  noteUsable,
} from '../src/guard/guard.js';
import { freshGuard, type GuardState } from '../src/guard/guard-state.js';
import { defaultParameters as p } from '../src/parameters/parameters.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const start = 1_000_000_000_000;

const random = (float: number) => ({ float: () => float, bytes: () => new Uint8Array(8) });
const half = random(0.5);

function request(now: number, more: Partial<GuardRequest> = {}): GuardRequest {
  const base = { generation: 1, forced: false, session: false, defaultLifetimeMs: HOUR };
  return { now, ...base, ...more };
}

/** Somebody asks every second for `forMs`; every allowed request ends as `outcome` says. */
function storm(
  forMs: number,
  outcome: (state: GuardState, asked: GuardRequest) => GuardState,
  more: (at: number, state: GuardState) => Partial<GuardRequest> = () => ({}),
  from: GuardState = freshGuard,
): number[] {
  let state = from;
  const sent: number[] = [];
  for (let now = start; now < start + forMs; now += SECOND) {
    const asked = request(now, more(now, state));
    if (!judge(state, asked, p).allowed) continue;
    sent.push(now);
    state = outcome(noteRequest(state, asked, p), asked);
  }
  return sent;
}

function mostInAnHour(moments: readonly number[]): number {
  const within = (from: number) => moments.filter((at) => at >= from && at < from + HOUR).length;
  return Math.max(0, ...moments.map(within));
}

const failed = (state: GuardState, { now }: GuardRequest) => noteFailure(state, now, p, half);
const usable = (state: GuardState, asked: GuardRequest) => noteUsable(state, asked, p);

describe('backoff', () => {
  test.each([0, 0.5, 0.999_999])(
    'doubles from 1 s to 300 s, half of it at random (%d)',
    (float) => {
      let state = freshGuard;
      for (let failure = 0; failure < 20; failure += 1) {
        state = noteFailure(state, start, p, random(float));
        const d = Math.min(300 * SECOND, SECOND * 2 ** failure);
        expect((state.notBefore ?? 0) - start).toBeCloseTo(d / 2 + float * (d / 2), 3);
      }
      expect(state.failures).toBe(20);
    },
  );

  test('is a number after any count of failures', () => {
    const state = noteFailure({ ...freshGuard, failures: 5_000 }, start, p, half);
    expect(state.notBefore).toBe(start + 225 * SECOND);
  });

  test('takes a longer floor over its own wait, and says so', () => {
    const floor = { ms: HOUR, reason: 'retry_after' } as const;
    const state = noteFailure(freshGuard, start, p, half, floor);
    const verdict = judge(state, request(start + 10 * MINUTE), p);
    expect(verdict).toEqual({ allowed: false, reason: 'retry_after', retryAt: start + HOUR });
  });

  test('does not hold up a step down the ladder', () => {
    const state = { ...noteFailure(freshGuard, start, p, half), freeStep: true };
    expect(judge(state, request(start), p)).toEqual({ allowed: true });
    expect(noteRequest(state, request(start), p).freeStep).toBeUndefined();
  });

  test('is only set back by a token that lived, once for each', () => {
    let state: GuardState = { ...freshGuard, failures: 7 };
    state = noteUsable(noteRequest(state, request(start), p), request(start), p);
    expect(state.failures).toBe(7);
    state = noteLived(state, 2, HOUR);
    expect(state.failures).toBe(0);
    state = noteFailure(state, start, p, half);
    expect(noteLived(state, 2, HOUR).failures).toBe(1);
    expect(noteLived(state, 3, HOUR).failures).toBe(0);
  });
});

describe('the gap between two requests', () => {
  test('is 5 s, or a tenth of the life of the last token that lived', () => {
    const noted = noteRequest(freshGuard, request(start), p);
    const long = judge(noted, request(start + 4_999), p);
    expect(long).toEqual({ allowed: false, reason: 'gap', retryAt: start + 5 * SECOND });
    const short = noteLived(noted, 1, 10 * SECOND);
    expect(judge(short, request(start + 999), p)).toMatchObject({ retryAt: start + SECOND });
    expect(judge(short, request(start + 1_000), p)).toEqual({ allowed: true });
  });

  test('does not hold up the first forced renewal of a generation, but the second', () => {
    const noted = noteUsable(noteRequest(freshGuard, request(start), p), request(start), p);
    const forced = request(start + 1, { forced: true });
    expect(judge(noted, forced, p)).toEqual({ allowed: true });
    const again = noteRequest(noted, forced, p);
    const verdict = judge(again, { ...forced, now: start + MINUTE }, p);
    expect(verdict).toMatchObject({ reason: 'forced_gap', retryAt: start + 1 + 5 * MINUTE });
  });
});

test('a refused token that was replaced to end a doubt, or on schedule, counts as replaced for its refusal', () => {
  const scheduled = request(start, { replacesRefused: true });
  const replaced = noteUsable(noteRequest(freshGuard, scheduled, p), scheduled, p);
  const verdict = judge(replaced, request(start + MINUTE, { generation: 2, forced: true }), p);
  expect(verdict).toMatchObject({ reason: 'forced_gap', retryAt: start + 5 * MINUTE });
});

describe('the hourly caps', () => {
  test('allow 32 requests that brought nothing', () => {
    const sent = storm(5 * HOUR, (state) => state);
    expect(mostInAnHour(sent)).toBe(32);
  });

  test('allow 6 that brought a token, or two for each life', () => {
    expect(mostInAnHour(storm(5 * HOUR, usable))).toBe(6);
    const lived = noteLived(freshGuard, 0, 5 * MINUTE);
    expect(mostInAnHour(storm(5 * HOUR, usable, undefined, lived))).toBe(24);
  });

  test('allow one for each life of a short-lived token, if more than 32', () => {
    const lived = noteLived(freshGuard, 0, 10 * SECOND);
    expect(mostInAnHour(storm(3 * HOUR, (state) => state, undefined, lived))).toBe(360);
  });

  test('keep one endpoint that refuses everything from using up more than its gap allows', () => {
    let generation = 1;
    const sent = storm(
      6 * HOUR,
      (state, asked) => {
        generation += 1;
        return usable(state, asked);
      },
      () => ({ forced: true, generation }),
    );
    // Each token was refused before it lived: none of them was usable after all.
    expect(mostInAnHour(sent)).toBe(12);
    expect(sent).toHaveLength(6 * 12);
  });

  test('keep half of their room for expiry, whatever is refused', () => {
    const short = { ...p, forcedGapMs: SECOND, gapMs: SECOND };
    let state = freshGuard;
    let allowed = 0;
    for (let at = 0; at < 1_000; at += 1) {
      const forced = request(start + at * SECOND, { forced: true });
      if (!judge(state, forced, short).allowed) continue;
      allowed += 1;
      state = noteRequest(state, forced, short);
    }
    expect(allowed).toBe(16);
    expect(judge(state, request(start + HOUR / 3), short)).toEqual({ allowed: true });
  });

  test('count obtains after our own sessions apart, 60 an hour', () => {
    const sent = storm(3 * HOUR, usable, () => ({ session: true }));
    expect(mostInAnHour(sent)).toBe(60);
  });

  test('give back what provably never left', () => {
    const before = noteRequest(freshGuard, request(start), p);
    const after = forgetRequest(noteRequest(before, request(start + MINUTE), p), before);
    expect(after).toEqual(before);
  });

  test('hold for any mixture of outcomes, and name a moment that is not past', () => {
    const outcomes = fc.array(fc.constantFrom('usable', 'failed', 'lost'), { minLength: 300 });
    const gaps = fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 300, maxLength: 300 });
    fc.assert(
      fc.property(outcomes, gaps, fc.integer({ min: 2, max: 7_200 }), (kinds, waits, life) => {
        const lifeMs = life * SECOND;
        let state: GuardState = noteLived(freshGuard, 0, lifeMs);
        let now = start;
        const brought: number[] = [];
        const others: number[] = [];
        for (const [index, wait] of waits.entries()) {
          now += wait;
          const asked = request(now, { defaultLifetimeMs: lifeMs });
          const verdict = judge(state, asked, p);
          if (!verdict.allowed) {
            expect(verdict.retryAt).toBeGreaterThan(now);
            continue;
          }
          state = noteRequest(state, asked, p);
          const kind = kinds[index];
          if (kind === 'usable') state = noteUsable(state, asked, p);
          if (kind === 'failed') state = noteFailure(state, now, p, half);
          (kind === 'usable' ? brought : others).push(now);
        }
        const perHour = Math.ceil(HOUR / lifeMs);
        expect(mostInAnHour(brought)).toBeLessThanOrEqual(Math.max(6, 2 * perHour));
        expect(mostInAnHour(others)).toBeLessThanOrEqual(Math.max(32, perHour));
      }),
      { numRuns: 150 },
    );
  });

  test('remember an hour and not more', () => {
    let state = freshGuard;
    for (let hour = 0; hour < 1_000; hour += 1) {
      state = noteRequest(state, request(start + hour * 7 * MINUTE), p);
    }
    expect(state.slots.length).toBeLessThanOrEqual(14);
  });
});

describe('the same token again', () => {
  const floor = { ms: 30 * MINUTE, reason: 'unchanged_token' } as const;
  const unchanged = (state: GuardState, { now }: GuardRequest) =>
    noteFailure(state, now, p, half, floor);

  test('waits for half of its life', () => {
    expect(storm(3 * HOUR, unchanged)).toHaveLength(6);
  });

  test('waits for the forced gap only, where its API refuses it', () => {
    const state = unchanged(noteRequest(freshGuard, request(start), p), request(start));
    const forced = request(start + MINUTE, { forced: true, generation: 2 });
    expect(judge(state, forced, p)).toEqual({ allowed: true });
    const sent = storm(3 * HOUR, unchanged, () => ({ forced: true }));
    expect(mostInAnHour(sent)).toBe(12);
  });

  test('waits for nothing where the token counts as ended since a reboot', () => {
    const state = unchanged(noteRequest(freshGuard, request(start), p), request(start));
    const after = (rebooted: boolean) => request(start + MINUTE, { rebooted });
    expect(judge(state, after(false), p)).toMatchObject({ reason: 'unchanged_token' });
    expect(judge(state, after(true), p)).toEqual({ allowed: true });
  });
});

test('an endless storm of failures costs at most one request in 150 s, and at least one in 305 s', () => {
  const sent = storm(24 * HOUR, failed).filter((at) => at > start + HOUR);
  const gaps = sent.slice(1).map((at, index) => at - (sent[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(150 * SECOND);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(305 * SECOND);
});
