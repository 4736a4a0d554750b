import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DEFAULT_LIFETIME_MS,
  judgeLifetime,
  type LifetimeBounds,
  LONGEST_LIFETIME_MS,
  lifetimeFrom,
} from '../src/token/lifetime.js';

const bounds: LifetimeBounds = { defaultMs: 600_000, maxMs: 86_400_000, zeroMeans: 'invalid' };

describe('reading a lifetime', () => {
  test.each([
    [3_600, 3_600_000],
    ['3600', 3_600_000],
    ['0', 0],
    ['9999999999', 9_999_999_999_000],
    [-1, -1_000],
  ])('takes %j', (value, ms) => {
    expect(lifetimeFrom(value)).toBe(ms);
  });

  test.each([
    ' 3600',
    '3600 ',
    '3600.5',
    '3600s',
    '1e3',
    '0x10',
    '+5',
    '-5',
    '٣٦٠٠',
    '12345678901',
    '',
    'NaN',
    'Infinity',
    ['3600'],
    { valueOf: () => 3_600 },
    true,
    null,
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    10n,
  ])('takes no %p for a number', (value) => {
    expect(lifetimeFrom(value)).toBeUndefined();
  });

  test('counts in the unit it is told', () => {
    expect(lifetimeFrom('3600000', 1)).toBe(3_600_000);
  });
});

describe('judging a lifetime', () => {
  test.each([
    [undefined, 600_000, 'default'],
    [Number.NaN, 600_000, 'default'],
    [0, 0, 'expired_on_arrival'],
    [-1_000, 0, 'expired_on_arrival'],
    [999, 0, 'expired_on_arrival'],
    [Number.NEGATIVE_INFINITY, 0, 'expired_on_arrival'],
    [1_000, 1_000, 'stated'],
    [3_600_000, 3_600_000, 'stated'],
    [3_600_000_000, 86_400_000, 'clamped'],
    [Number.POSITIVE_INFINITY, 86_400_000, 'clamped'],
    [2 ** 53 * 1_000, 86_400_000, 'clamped'],
  ] as const)('%p ms is %p ms, %s', (stated, ms, verdict) => {
    expect(judgeLifetime(stated, bounds)).toEqual({ ms, verdict });
  });

  test('zero is for ever where the profile says so, which is its maximum', () => {
    const never = { ...bounds, zeroMeans: 'never' } as const;
    expect(judgeLifetime(0, never)).toEqual({ ms: 86_400_000, verdict: 'never' });
    expect(judgeLifetime(-1, never)).toEqual({ ms: 0, verdict: 'expired_on_arrival' });
  });

  test('brings a finite whole number within the bounds, whatever a server sends', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.double(), fc.json()), (value) => {
        const { ms } = judgeLifetime(lifetimeFrom(value), bounds);
        expect(Number.isSafeInteger(ms)).toBe(true);
        expect(ms === 0 || (ms >= 1_000 && ms <= bounds.maxMs)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  test('falls back to 5 minutes, and to 400 days at most', () => {
    expect([DEFAULT_LIFETIME_MS, LONGEST_LIFETIME_MS]).toEqual([300_000, 400 * 86_400_000]);
  });
});
