import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { Secret } from '../src/token/secret.js';
import { LONGEST_TOKEN, parseToken } from '../src/token/token-grammar.js';
import { outcomeOf } from './outcome-of.js';

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const foreign = fc.oneof(
  fc.constantFrom(' ', '\t', '\r\n', '\n', '\0', '\x7f', '\x80', '\u2028', '\ufeff', '\ud800'),
  fc.constantFrom('é', '٣', '😀', Secret.mask),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);

const values = fc.oneof(
  { weight: 3, arbitrary: visible },
  {
    weight: 3,
    arbitrary: fc
      .tuple(visible, foreign, visible)
      .map(([before, found, after]) => before + found + after),
  },
  fc
    .tuple(visible, fc.integer({ min: LONGEST_TOKEN - 70, max: LONGEST_TOKEN + 2 }))
    .map(([text, length]) => text.padEnd(length, 'x')),
  fc.anything({ maxDepth: 1, maxKeys: 2, withBoxedValues: true, withNullPrototype: true }),
);

describe('a token as a server may write it', () => {
  test('S01 S03 S04 is kept to the letter, or refused without a word of it being shown', () => {
    fc.assert(
      fc.property(values, (value) => {
        const { value: token, error } = outcomeOf(() => parseToken('access token', value));
        if (isToken(value)) return token?.reveal() === value;
        if (error?.code !== 'PROVIDER_PROTOCOL' || error.reason !== 'token_format') return false;
        // A short one may stand in the words of the error by chance.
        return typeof value !== 'string' || value.length < 12 || !error.message.includes(value);
      }),
      manyRuns,
    );
  });
});

function isToken(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 16_384) return false;
  if (value.includes('[secret]')) return false;
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code < 0x21 || code > 0x7e) return false;
  }
  return true;
}
