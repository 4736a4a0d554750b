import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printable } from '../src/errors/printable.js';

describe('S24 foreign text', () => {
  test.each([
    ['line\r\nforged', 'line\\u000d\\u000aforged'],
    ['\u001b[2Jgone', '\\u001b[2Jgone'],
    ['\u202edesrever', '\\u202edesrever'],
    ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['\u0000\u0007\u007f\u009b', '\\u0000\\u0007\\u007f\\u009b'],
    ['\ufeff\u200f\u2066', '\\ufeff\\u200f\\u2066'],
    ['grüße, 世界', 'grüße, 世界'],
  ])('S24 %j is shown as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('S24 a megabyte becomes 200 characters and a sign that it was cut', () => {
    expect(printable('x'.repeat(1_000_000))).toBe(`${'x'.repeat(200)}...`);
    expect(printable('x'.repeat(200))).toBe('x'.repeat(200));
    expect(printable('x'.repeat(30), 10)).toBe(`${'x'.repeat(10)}...`);
  });

  test('S24 no text repaints a terminal or starts a line of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
      { numRuns: 2_000 },
    );
  });
});
