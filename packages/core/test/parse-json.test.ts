import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../src/transport/parse-json.js';

function outcomeOf(parse: () => unknown): { value: unknown } | { error: Error } {
  try {
    return { value: parse() };
  } catch (error) {
    return { error: error as Error };
  }
}

describe('parseJson', () => {
  test('reads every JSON value as JSON.parse does', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 8 }),
        fc.constantFrom(0, 1, '\t', '\r\n'),
        (value, space) => {
          const text = JSON.stringify(value, undefined, space);
          expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('refuses what JSON.parse refuses, in words of its own', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .json()
        .chain((text) =>
          fc.nat(text.length).map((at) => `${text.slice(0, at)}${text.slice(at + 1)}`),
        ),
      fc.json().map((text) => `${text}x`),
      fc.constantFrom('', ' ', '01', '+1', '1.', '.5', '1e', 'NaN', 'Infinity', '{a:1}', "{'a':1}"),
      fc.constantFrom(
        '[1,]',
        '{"a":1,}',
        '"\t"',
        '"\\x"',
        '"\\u12"',
        'tru',
        '[1 2]',
        '{"a" 1}',
        '\ufeff1',
      ),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const expected = outcomeOf(() => JSON.parse(text));
        const actual = outcomeOf(() => parseJson(text));
        if ('error' in expected) {
          expect(actual).toHaveProperty('error');
          expect((actual as { error: Error }).error.name).toBe('SyntaxError');
        } else if ('error' in actual) {
          expect(actual.error.message).toBe('a member is named twice');
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('S15 an error quotes nothing of the text', () => {
    const secret = 'sk-4711-canary';
    const texts = [
      secret,
      `"${secret}`,
      `{"${secret}" 1}`,
      `{"a":${secret}}`,
      `{"token":"x"}${secret}`,
    ];
    for (const text of texts) {
      expect(() => JSON.parse(text)).toThrow();
      expect(() => parseJson(text)).toThrow(SyntaxError);
      expect(() => parseJson(text)).not.toThrow(/4711|canary/);
    }
  });

  test('F24 a member named twice is an error at every depth, however it is spelled', () => {
    for (const text of ['{"a":1,"a":1}', '[{"b":{"a":1,"a":2}}]', '{"a":1,"\\u0061":2}']) {
      expect(() => parseJson(text)).toThrow('a member is named twice');
    }
    expect(parseJson('[{"a":1},{"a":2}]')).toHaveLength(2);
  });

  test('F24 no name is special: objects have no prototype', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":2,"toString":3,"hasOwnProperty":4}';
    const value = parseJson(text) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(() => parseJson('{"__proto__":1,"__proto__":2}')).toThrow('a member is named twice');
  });

  test('F24 nesting is refused long before the stack ends', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parseJson(nested(60))).toBeInstanceOf(Array);
    expect(() => parseJson(nested(70))).toThrow('nested too deeply');
    expect(() => parseJson('['.repeat(200_000))).toThrow('nested too deeply');
    expect(() => parseJson('{"a":'.repeat(200_000))).toThrow('nested too deeply');
  });

  test('a body as long as allowed is read', () => {
    const long = JSON.stringify({ token: 'x'.repeat(65_000) });
    expect(parseJson(long)).toHaveProperty('token');
    const escaped = `"${'\\u0041'.repeat(10_000)}"`;
    expect(parseJson(escaped)).toHaveLength(10_000);
  });
});
