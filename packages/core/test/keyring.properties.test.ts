import { describe, test } from '@jest/globals';
import { seededRandom } from '@tokenkeep/testing';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { keyringSealer } from '../src/sealing/keyring.js';
import type { SealedPlace } from '../src/sealing/sealer.js';
import { outcomeOf } from './outcome-of.js';

const random = seededRandom('sealing');
const key = (id: string) => ({ id, bytes: random.bytes(32) });
const [one, two] = [key('one'), key('two')];
const sealer = keyringSealer([one, two], 'a-store', random);
const elsewhere = keyringSealer([one, two], 'another-store', random);
const formerly = keyringSealer([two, one], 'a-store', random);

/** The parts of a place in one string, and where it is cut. */
interface Written {
  readonly letters: string;
  readonly cuts: readonly [number, number, number];
}

const cuts = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9));
const letters = fc
  .tuple(
    fc.string({ unit: fc.constantFrom('a', '1', '2', ':', '.', 'ü'), maxLength: 8 }),
    fc.nat(99),
  )
  .map(([text, number]) => text + (1 + number));

/** Account, field and incarnation up to the cuts, and the number that the rest ends in. */
function placeIn({ letters, cuts }: Written): SealedPlace {
  const number = /[1-9]\d*$/.exec(letters)?.[0] ?? '1';
  const [first, second, third] = [...cuts].sort((one, other) => one - other) as [
    number,
    number,
    number,
  ];
  const digits = number.slice(third % number.length).replace(/^0+/, '') || '0';
  const text = letters.slice(0, letters.length - digits.length);
  return {
    account: text.slice(0, first),
    field: text.slice(first, second),
    incarnation: text.slice(second),
    generation: Number(digits),
  };
}

const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme-ascii' }));

/** Sealed once: the properties are about opening. */
const samples = fc.sample(fc.record({ text: texts, letters, cuts }), { numRuns: 500, seed: 1 });
const sealedSamples = fc.constantFrom(
  ...samples.map(({ text, ...written }) => {
    const place = placeIn(written);
    const [sealed, other] = [sealer.seal(text, place), formerly.seal(text, place)];
    return { text, place, ...written, sealed, other };
  }),
);

const samePlace = (a: SealedPlace, b: SealedPlace) => JSON.stringify(a) === JSON.stringify(b);

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('replace', 'insert', 'remove', 'cut', 'splice', 'swap', 'repeat'),
  at: fc.nat(150),
  to: fc.nat(150),
  character: fc.constantFrom(...base64url, '.', '=', '+', '/', '\n', ' ', 'é'),
});
const changed = fc
  .tuple(sealedSamples, fc.array(change, { minLength: 1, maxLength: 3 }))
  .map(([sample, changes]) => ({
    ...sample,
    found: changes.reduce((text, change) => spoil(text, sample.other, change), sample.sealed),
  }));
const forgeries = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('tk1', 'tk0', 'none', ''),
      fc.constantFrom('one', 'two', 'three', '', '../one', 'one.two', '__proto__'),
      fc.uint8Array({ maxLength: 60 }),
    )
    .map(([format, id, bytes]) => `${format}.${id}.${Buffer.from(bytes).toString('base64url')}`),
  fc.string({ unit: 'binary' }),
);
const tampered = fc.oneof(
  { weight: 4, arbitrary: changed },
  fc.tuple(sealedSamples, forgeries).map(([sample, found]) => ({ ...sample, found })),
);

describe('a sealed value', () => {
  test('S29 opens in its place, to what was sealed, with any key of the ring', () => {
    fc.assert(
      fc.property(texts, letters, cuts, fc.boolean(), (text, letters, cuts, old) => {
        const place = placeIn({ letters, cuts });
        const sealed = (old ? formerly : sealer).seal(text, place);
        return sealer.open(sealed, place) === text;
      }),
      manyRuns,
    );
  });

  test('S29 opens in no other place, of this store or of another, however alike it is spelled', () => {
    const other = fc.tuple(fc.option(letters, { nil: undefined }), cuts);
    fc.assert(
      fc.property(sealedSamples, other, fc.nat(3), (sample, [letters, cuts], kind) => {
        const inOtherStore = kind === 0;
        const place = inOtherStore
          ? sample.place
          : placeIn({ letters: letters ?? sample.letters, cuts });
        const opener = inOtherStore ? elsewhere : sealer;
        const { value, error } = outcomeOf(() => opener.open(sample.sealed, place));
        if (!inOtherStore && samePlace(sample.place, place)) return value === sample.text;
        return error?.code === 'RECORD_UNREADABLE';
      }),
      manyRuns,
    );
  });

  test('S31 that was changed or forged is refused: a text is never had in two ways', () => {
    fc.assert(
      fc.property(tampered, ({ text, place, sealed, other, found }) => {
        const { value, error } = outcomeOf(() => sealer.open(found, place));
        // Nothing was changed after all, or one whole value was put in the place of the other.
        if (found === sealed || found === other) return value === text;
        return ['RECORD_UNREADABLE', 'KEY_UNKNOWN'].includes(error?.code ?? 'opened');
      }),
      manyRuns,
    );
  });
});

interface Change {
  readonly kind: string;
  readonly at: number;
  readonly to: number;
  readonly character: string;
}

function spoil(text: string, other: string, { kind, at, to, character }: Change): string {
  const place = at % (text.length + 1);
  const [before, after] = [text.slice(0, place), text.slice(place)];
  switch (kind) {
    case 'replace':
      return before + character + after.slice(1);
    case 'insert':
      return before + character + after;
    case 'remove':
      return before + after.slice(1);
    case 'cut':
      return before;
    case 'splice':
      return before + other.slice(place);
    case 'swap':
      return after + before;
    default:
      return before + text.slice(Math.min(place, to)) + after;
  }
}
