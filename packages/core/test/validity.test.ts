import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defaultParameters as p } from '../src/parameters/parameters.js';
import { fractionOf, validityOf } from '../src/token/validity.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const anyLife = fc.oneof(
  fc.integer({ min: 1_000, max: 400 * 24 * HOUR }),
  fc.double({ min: 1, max: 400 * 24 * HOUR, noNaN: true }),
);

describe('the windows of a token', () => {
  test('lie in order before its true end, whatever its life', () => {
    fc.assert(
      fc.property(anyLife, fc.string(), (life, name) => {
        const { endsMs, mandatoryMs, advisoryMs } = validityOf(life, name, p);
        for (const ms of [endsMs, mandatoryMs, advisoryMs]) expect(Number.isFinite(ms)).toBe(true);
        expect(advisoryMs).toBeGreaterThanOrEqual(0);
        expect(advisoryMs).toBeLessThanOrEqual(mandatoryMs);
        expect(mandatoryMs).toBeLessThan(endsMs);
        expect(endsMs).toBeLessThan(life);
      }),
      { numRuns: 5_000 },
    );
  });

  test('leave at least half of a life before the first renewal', () => {
    fc.assert(
      fc.property(anyLife, fc.string(), (life, name) => {
        expect(validityOf(life, name, p).advisoryMs).toBeGreaterThanOrEqual(0.49 * life);
      }),
    );
  });

  test.each([
    [10 * SECOND, 9 * SECOND, 8 * SECOND],
    [30 * SECOND, 29 * SECOND, 26 * SECOND],
    [HOUR, HOUR - SECOND, HOUR - SECOND - MINUTE],
    [24 * HOUR, 24 * HOUR - SECOND, 24 * HOUR - SECOND - MINUTE],
    [2 * SECOND, 1_800, 1_300],
  ])('of %d ms end at %d and are mandatory from %d', (life, ends, mandatory) => {
    const validity = validityOf(life, 'any', p);
    expect([validity.endsMs, validity.mandatoryMs]).toEqual([ends, mandatory]);
  });

  test('are spread by up to as much again as a fifth of the life, or a quarter of an hour', () => {
    for (const [life, least] of [
      [HOUR, 12 * MINUTE],
      [30 * 24 * HOUR, 15 * MINUTE],
    ] as const) {
      const leads = Array.from({ length: 400 }, (_, index) => {
        const { endsMs, advisoryMs } = validityOf(life, `account-${index}`, p);
        return endsMs - advisoryMs;
      });
      expect(Math.min(...leads)).toBeGreaterThanOrEqual(least);
      expect(Math.max(...leads)).toBeLessThanOrEqual(2 * least);
      expect(Math.max(...leads) - Math.min(...leads)).toBeGreaterThan(0.9 * least);
    }
  });

  test('are the same each time they are drawn for one generation', () => {
    expect(validityOf(HOUR, 'a:1', p)).toEqual(validityOf(HOUR, 'a:1', p));
    expect(validityOf(HOUR, 'a:1', p)).not.toEqual(validityOf(HOUR, 'a:2', p));
  });
});

test('a fraction is at least 0 and below 1', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const fraction = fractionOf(name);
      expect(fraction >= 0 && fraction < 1).toBe(true);
    }),
  );
});
