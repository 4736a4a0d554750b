import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { parseJson } from '../src/transport/parse-json.js';

type Tree =
  | { readonly scalar: string }
  | { readonly items: readonly Tree[] }
  | { readonly members: readonly (readonly [name: string, value: Tree])[] };

/** How texts spell what is in them: the same name may be spelled in several ways. */
const names = fc.constantFrom(
  '"a"',
  '"\\u0061"',
  '"b"',
  '""',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"refresh_token"',
  '"0"',
  '"\\ud83d\\ude00"',
);
const scalars = fc.oneof(
  fc.constantFrom('true', 'false', 'null', '0', '-0', '1e3', '-1.5E-7', '12345678901234567890'),
  fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => JSON.stringify(text)),
  fc.double().map((value) => JSON.stringify(value)),
  names,
);

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    scalars.map((scalar) => ({ scalar })),
    fc.array(tie('tree'), { maxLength: 3 }).map((items) => ({ items })),
    fc.array(fc.tuple(names, tie('tree')), { maxLength: 3 }).map((members) => ({ members })),
  ),
}));

/** Also with brackets around it, up to and beyond what is allowed. */
const documents = fc
  .tuple(
    tree,
    fc.constantFrom('', ' ', '\n\t', '\r'),
    fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(70)),
  )
  .map(([tree, space, depth]) => '['.repeat(depth) + written(tree, space) + ']'.repeat(depth));

function written(tree: Tree, space: string): string {
  if ('scalar' in tree) return `${space}${tree.scalar}${space}`;
  if ('items' in tree) return `[${tree.items.map((item) => written(item, space)).join(',')}]`;
  const members = tree.members.map(([name, value]) => `${space}${name}:${written(value, space)}`);
  return `{${members.join(',')}${space}}`;
}

/** A document in which something is left out, put in or said twice. */
const spoilt = fc
  .tuple(documents, fc.nat(), fc.nat(3), fc.constantFrom(...'{}[]",:\\u0 \u00a0e-.tn', '\u0000'))
  .map(([text, place, length, character]) => {
    const at = place % (text.length + 1);
    return [
      text.slice(0, at) + text.slice(at + length),
      text.slice(0, at) + character + text.slice(at),
      text.slice(0, at) + text.slice(at, at + length) + text.slice(at),
      text.slice(0, at),
    ][place % 4] as string;
  });

const texts = fc.oneof(
  { weight: 4, arbitrary: documents },
  { weight: 4, arbitrary: spoilt },
  fc.json({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
);

const allowedErrors = [
  'nested too deeply',
  'not JSON',
  'not a JSON string',
  'text after the JSON value',
  'a member is named twice',
];

describe('strict JSON', () => {
  test('F22 F24 S15 S45 is what JSON.parse reads, less double names and depth, and quotes nothing', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const expected = model(text);
        let value: unknown;
        try {
          value = parseJson(text);
        } catch (error) {
          const { name, message } = error as Error;
          return (
            expected === undefined && name === 'SyntaxError' && allowedErrors.includes(message)
          );
        }
        return expected !== undefined && isSame(value, expected.value);
      }),
      manyRuns,
    );
  });
});

/**
 * What the text means: `undefined` where it is not to be read. `JSON.parse` drops the first of two
 * members of one name, so that there are more colons in the text than names in the value.
 */
function model(text: string): { readonly value: unknown } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const colons = text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
  const { names, depth } = measured(value);
  return colons > names || depth > 64 ? undefined : { value };
}

function measured(value: unknown): { readonly names: number; readonly depth: number } {
  if (typeof value !== 'object' || value === null) return { names: 0, depth: 0 };
  let names = Array.isArray(value) ? 0 : Object.keys(value).length;
  let depth = 0;
  for (const member of Object.values(value)) {
    const inside = measured(member);
    names += inside.names;
    depth = Math.max(depth, 1 + inside.depth);
  }
  return { names, depth };
}

function isSame(value: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return Object.is(value, expected);
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) !== Array.isArray(expected)) return false;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== null) return false;
  const [is, should] = [Object.entries(value), Object.entries(expected)];
  return (
    is.length === should.length &&
    is.every(([name, member], at) => name === should[at]?.[0] && isSame(member, should[at]?.[1]))
  );
}
