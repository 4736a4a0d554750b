import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { leavePlace, type PaceLedger, returnPlace, takePlace, unpaced } from '../src/guard/pace.js';
import { checkPaces, paceProblems } from '../src/provider/check-pace.js';
import type { Pace } from '../src/provider/provider-profile.js';

const longestMs = 15_000;
const lastsMs = 95_000;

/** What is granted to those who ask at these moments; nobody leaves. */
function turns(pace: Pace, moments: readonly number[], patienceMs = longestMs) {
  let ledger = unpaced;
  const granted: number[] = [];
  const refused: (number | undefined)[] = [];
  for (const [index, now] of moments.entries()) {
    const wanted = { id: String(index), now, patienceMs, longestMs, lastsMs };
    const taken = takePlace(ledger, pace, wanted);
    if (taken.granted) {
      ledger = taken.ledger;
      granted.push(taken.at);
    } else refused.push(taken.retryAt);
  }
  return { granted, refused, ledger };
}

const paces = fc.record({
  perSecond: fc.double({ min: 0.05, max: 200, noNaN: true }),
  burst: fc.integer({ min: 1, max: 20 }),
});
const moments = fc
  .array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 60 })
  .map((steps) => {
    let now = 1_000_000;
    return steps.map((step) => {
      now += step;
      return now;
    });
  });

describe('turns', () => {
  test('no span of time holds more of them than its length allows, and the burst', () => {
    fc.assert(
      fc.property(paces, moments, (pace, asked) => {
        const { granted } = turns(pace, asked);
        for (const [first, from] of granted.entries()) {
          for (const [last, to] of granted.entries()) {
            if (last < first) continue;
            const most = ((to - from) / 1_000) * pace.perSecond + pace.burst;
            expect(last - first + 1).toBeLessThanOrEqual(most + 1e-6);
          }
        }
      }),
    );
  });

  test('are given in the order of asking, none before it was asked for or later than its patience', () => {
    fc.assert(
      fc.property(paces, moments, fc.integer({ min: 0, max: longestMs }), (pace, asked, ms) => {
        let ledger = unpaced;
        let last = 0;
        for (const now of asked) {
          const taken = takePlace(ledger, pace, {
            id: 'a',
            now,
            patienceMs: ms,
            longestMs,
            lastsMs,
          });
          if (!taken.granted) {
            expect(taken.retryAt).toBeGreaterThan(now);
            continue;
          }
          expect(taken.at).toBeGreaterThanOrEqual(Math.max(now, last));
          expect(taken.at - now).toBeLessThanOrEqual(ms);
          ({ ledger } = taken);
          last = taken.at;
        }
      }),
    );
  });

  test('come at the stated pace after the burst', () => {
    const { granted } = turns({ perSecond: 2, burst: 3 }, Array(6).fill(10_000));
    expect(granted).toEqual([10_000, 10_000, 10_000, 10_500, 11_000, 11_500]);
  });

  test('one that was not used goes to the next', () => {
    const pace = { perSecond: 1 };
    const { ledger } = turns(pace, [10_000]);
    const after = returnPlace(ledger, pace, { id: '0', fullAt: ledger.fullAt });
    const wanted = { id: 'b', now: 10_001, patienceMs: 0, longestMs, lastsMs };
    expect(takePlace(after, pace, wanted)).toMatchObject({ granted: true, at: 10_001 });
  });

  test("some that were not used, and behind which others have theirs, are nobody else's: no two at once", () => {
    const pace = { perSecond: 1 };
    let ledger = unpaced;
    const at: number[] = [];
    const given: { readonly id: string; readonly fullAt: number }[] = [];
    const take = (now: number) => {
      const id = String(given.length);
      const taken = takePlace(ledger, pace, { id, now, patienceMs: longestMs, longestMs, lastsMs });
      if (!taken.granted) throw new Error('There is a turn within reach.');
      ({ ledger } = taken);
      given.push({ id, fullAt: ledger.fullAt });
      at.push(taken.at);
    };
    for (let n = 0; n < 10; n += 1) take(100_000);
    for (const turn of given.slice(1, 5)) ledger = returnPlace(ledger, pace, turn);
    for (let n = 0; n < 4; n += 1) take(104_000);
    const used = [...at.slice(0, 1), ...at.slice(5)].sort((a, b) => a - b);
    const gaps = used.slice(1).map((each, index) => each - (used[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
  });

  test('all that are given back, the last first, are there again', () => {
    const pace = { perSecond: 1 };
    let ledger = unpaced;
    const wanted = { now: 100_000, patienceMs: longestMs, longestMs, lastsMs };
    const fullAts = [0, 1, 2].map((n) => {
      const taken = takePlace(ledger, pace, { ...wanted, id: String(n) });
      if (taken.granted) ({ ledger } = taken);
      return ledger.fullAt;
    });
    for (const n of [2, 1]) {
      ledger = returnPlace(ledger, pace, { id: String(n), fullAt: fullAts[n] ?? 0 });
    }
    expect(ledger.fullAt).toBe(fullAts[0]);
  });

  test('a clock that went back an hour parks nobody for an hour', () => {
    const { ledger } = turns({ perSecond: 1, concurrent: 1 }, [7_200_000]);
    const wanted = { id: 'b', now: 3_600_000, patienceMs: longestMs, longestMs, lastsMs };
    const taken = takePlace(ledger, { perSecond: 1, concurrent: 1 }, wanted);
    const again = taken.granted
      ? taken.at - wanted.now
      : (taken.retryAt ?? wanted.now) - wanted.now;
    expect(again).toBeLessThanOrEqual(longestMs + 1_000);
  });
});

describe('requests on their way', () => {
  const pace = { concurrent: 2 };
  const full = turns(pace, [1_000, 1_000, 1_000]);

  test('are never more than stated, and nobody knows when one ends', () => {
    expect(full).toMatchObject({ granted: [1_000, 1_000], refused: [undefined] });
  });

  const next = (ledger: PaceLedger, now: number) =>
    takePlace(ledger, pace, { id: 'next', now, patienceMs: 0, longestMs, lastsMs }).granted;

  test('leave their place, and one that has left leaves nothing behind', () => {
    const left = leavePlace(full.ledger, '0');
    expect(next(left, 1_001)).toBe(true);
    expect(leavePlace(left, '0')).toBe(left);
  });

  test('of a process that died count until they cannot be on their way any more', () => {
    expect(next(full.ledger, 1_000 + lastsMs - 1)).toBe(false);
    expect(next(full.ledger, 1_000 + lastsMs)).toBe(true);
  });
});

describe('a pace is refused', () => {
  test.each<[pace: unknown, why: string]>([
    [{}, 'states neither perSecond nor concurrent'],
    [{ perSecond: 0 }, 'perSecond must be a number, 0.000001 or more'],
    [{ perSecond: Number.NaN }, 'perSecond must be a number, 0.000001 or more'],
    [{ perSecond: 1, burst: 0.5 }, 'burst must be a whole number above 0'],
    [{ concurrent: 257 }, 'concurrent must be a whole number from 1 to 256'],
    [{ concurrent: 1, of: '' }, 'of must be a name'],
    [{ concurrent: 1, per: 'host' }, 'has no "per"; known: perSecond, burst, concurrent, of'],
    [7, 'is not { perSecond, concurrent }'],
  ])('%j: %s', (pace, why) => {
    expect([...paceProblems(pace)]).toEqual([why]);
  });

  test('if it is for a provider that is not there', () => {
    expect(() => checkPaces({ chatap: { perSecond: 1 } }, ['chatapp'])).toThrow(
      'The option "pace" names provider "chatap", which is not there. Known: chatapp.',
    );
  });
});
