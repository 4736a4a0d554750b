import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TokenError } from '../src/errors/token-error.js';
import { Secret } from '../src/token/secret.js';
import { LONGEST_TOKEN, parseToken } from '../src/token/token-grammar.js';

function refusalOf(value: unknown): TokenError {
  try {
    parseToken('access token', value);
  } catch (error) {
    if (TokenError.is(error)) return error;
  }
  throw new Error('Expected a TokenError.');
}

describe('S01 a token as it came out of a reply', () => {
  test.each([
    'a',
    '$2y$10$abcdefghijklmnopqrstuv/ABC.DEF',
    'eyJhbGciOiJub25lIn0.e30.',
    'a+b/c==',
    '!"#%&\'()*,;<>?@[]^`{|}~',
    'x'.repeat(LONGEST_TOKEN),
  ])('S01 %# is a token', (text) => {
    expect(parseToken('access token', text).reveal()).toBe(text);
  });

  test('S01 a Secret is judged by what is in it', () => {
    expect(parseToken('refresh token', new Secret('a')).reveal()).toBe('a');
    expect(refusalOf(new Secret('two words')).reason).toBe('token_format');
  });

  test.each([
    'two words',
    'line\r\nX-Injected: 1',
    'end\n',
    'nul\0',
    'tab\t',
    '\u2028',
    'é',
    '\u00ff',
    '\u007f',
    '\u{1f511}',
    'x'.repeat(LONGEST_TOKEN + 1),
    '',
    `a${Secret.mask}b`,
  ])('S01 %# is none', (text) => {
    expect(refusalOf(text)).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'token_format' });
  });

  test.each<readonly [string, unknown, string]>([
    ['a number', 7, 'is number'],
    ['an object', { toString: () => 'abc' }, 'is object'],
    ['a list', ['abc'], 'is an array'],
    ['true', true, 'is boolean'],
    ['null', null, 'is null'],
    ['nothing', undefined, 'is missing'],
  ])('S04 %s is none', (_, value, problem) => {
    expect(refusalOf(value).message).toContain(`access token ${problem}`);
  });

  test('S01 any text is kept as it is, or refused without being shown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 12 }), (text) => {
        if (/^[\x21-\x7e]+$/.test(text) && !text.includes(Secret.mask)) {
          expect(parseToken('refresh token', text).reveal()).toBe(text);
        } else {
          const shown = inspect(refusalOf(text), { showHidden: true, depth: null });
          expect(shown).not.toContain(text);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
