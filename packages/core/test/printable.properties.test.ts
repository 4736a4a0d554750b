import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { printable } from '../src/errors/printable.js';

const awkward = fc.constantFrom(
  ...['\r', '\n', '\x1b[2J', '\x00', '\x7f', '\x9b', '\u061c', '\u200e', '\u200f', '\u2028'],
  ...['\u2029', '\u202a', '\u202e', '\u2066', '\u2069', '\ufeff', '\\u000a', '\ud800', '😀'],
);
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(awkward, fc.string({ maxLength: 5 })), { maxLength: 12 })
    .map((parts) => parts.join('')),
);

/** As Unicode classes them, not as a list of codes does. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u;

describe('S24 foreign text', () => {
  test('S24 is shown character for character, and none of them forges a line or turns the text', () => {
    fc.assert(
      fc.property(texts, fc.nat(20), (text, longest) => {
        const cut = text.length > longest;
        const shown = [...text.slice(0, longest)].map(character).join('') + (cut ? '...' : '');
        const actual = printable(text, longest);
        return actual === shown && !UNPRINTABLE.test(actual) && printable(actual, 1_000) === actual;
      }),
      manyRuns,
    );
  });
});

function character(text: string): string {
  if (!UNPRINTABLE.test(text)) return text;
  return `\\u${(text.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
