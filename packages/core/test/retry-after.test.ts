import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseHttpDate, parseRetryAfter } from '../src/transport/retry-after.js';

const NOW = Date.UTC(2026, 0, 1, 12);

describe('F32 Retry-After', () => {
  test.each<readonly [string, number | undefined]>([
    ['7', 7_000],
    ['0', 0],
    ['120', 120_000],
    ['99999999999', 99_999_999_999_000],
    ['-5', undefined],
    ['1.5', undefined],
    ['+3', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['7s', undefined],
    [' 7', undefined],
    ['٧', undefined],
    ['9'.repeat(16), undefined],
    ['junk', undefined],
    ['', undefined],
  ])('F32 "%s" is %s ms', (text, expected) => {
    expect(parseRetryAfter([text], NOW)).toBe(expected);
    expect(parseRetryAfter([text], undefined)).toBe(expected);
  });

  test.each([
    ['IMF-fixdate', 'Thu, 01 Jan 2026 12:01:00 GMT'],
    ['RFC 850', 'Thursday, 01-Jan-26 12:01:00 GMT'],
    ['asctime', 'Thu Jan  1 12:01:00 2026'],
  ])('F32 a date as %s counts from the server’s own clock', (_, text) => {
    expect(parseRetryAfter([text], NOW)).toBe(60_000);
    // An hour of difference between the clocks changes nothing; without `Date` nothing is known.
    expect(parseRetryAfter([text], NOW - 3_600_000)).toBe(3_660_000);
    expect(parseRetryAfter([text], undefined)).toBeUndefined();
  });

  test('F32 a date that has passed, or is now, asks for nothing', () => {
    expect(parseRetryAfter(['Thu, 01 Jan 2026 12:00:00 GMT'], NOW)).toBeUndefined();
    expect(parseRetryAfter(['Thu, 01 Jan 2015 12:00:00 GMT'], NOW)).toBeUndefined();
  });

  test('F32 absent, or said twice, is not said', () => {
    expect(parseRetryAfter([], NOW)).toBeUndefined();
    expect(parseRetryAfter(['7', '7'], NOW)).toBeUndefined();
  });

  test.each([
    '2026-01-01T12:01:00Z',
    'Thu, 1 Jan 2026 12:01:00 GMT',
    'Thu, 01 Jan 2026 12:01:00 +0000',
    'Thu, 01 Jan 2026 12:01:00',
    'thu, 01 jan 2026 12:01:00 gmt',
    'Thu, 31 Feb 2026 12:01:00 GMT',
    'Thu, 00 Jan 2026 12:01:00 GMT',
    'Thu, 01 Jan 2026 25:01:00 GMT',
    'Thu, 01 Jan 2026 12:01:60 GMT',
    'Foo Jan  1 12:01:00 2026',
    'Thu, 01 Foo 2026 12:01:00 GMT',
    '1767268860',
  ])('F32 %s is not an HTTP date', (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });

  test('F32 every instant survives its writing', () => {
    const seconds = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) / 1_000 });
    fc.assert(
      fc.property(seconds, (second) => {
        expect(parseHttpDate(new Date(second * 1_000).toUTCString())).toBe(second * 1_000);
      }),
    );
  });

  test('F32 any text gives a time that can be waited for, or none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const ms = parseRetryAfter([text], NOW);
        expect(ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});
