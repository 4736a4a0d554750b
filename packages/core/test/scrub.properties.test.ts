import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { printable } from '../src/errors/printable.js';
import { scrub } from '../src/token/scrub.js';
import { Secret } from '../src/token/secret.js';

/** How whoever echoes a secret may write it. */
const encodings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => encodeURIComponent(text),
  (text) => encodeURIComponent(text).replace(/%../g, (triplet) => triplet.toLowerCase()),
  (text) => new URLSearchParams({ text }).toString().slice('text='.length),
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('base64url'),
  (text) => Buffer.from(text).toString('hex'),
  (text) => Buffer.from(text).toString('hex').toUpperCase(),
];
const shown = (text: string) => printable(text, Number.POSITIVE_INFINITY);

// Without the letters of the mask: what stands in `[secret]` cannot be told from it.
const unit = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'abdfghABDF0123456789') },
  fc.constantFrom(...' +%&"\'\\/!~*()<>-_.:@', 'é', '😀', '\n', '\u202e'),
);
const secrets = fc.oneof(
  fc.string({ unit, minLength: 12, maxLength: 18 }),
  fc.string({ unit, minLength: 4, maxLength: 11 }),
);
const noise = fc.string({ unit: fc.constantFrom(...'xyz0=. "%aA'), maxLength: 8 });
const encoding = fc.constantFrom(...encodings);

describe('S25 a text that may quote a secret', () => {
  test('S25 shows no encoding of it afterwards, nor twelve characters of one', () => {
    const pieces = fc.array(fc.tuple(noise, fc.nat(2), encoding, fc.nat(8), fc.nat(8)), {
      minLength: 1,
      maxLength: 2,
    });
    fc.assert(
      fc.property(
        fc.array(secrets, { minLength: 1, maxLength: 2 }),
        pieces,
        noise,
        (texts, pieces, end) => {
          const quoted = pieces.map(([before, which, write, from, upTo]) => {
            const spelled = write(texts[which % texts.length] ?? '');
            return before + spelled.slice(from > 5 ? from : 0, upTo > 5 ? -upTo : undefined);
          });
          const clean = scrub(
            shown(quoted.join('') + end),
            texts.map((text) => new Secret(text)),
          );
          return !texts.some((text) => leaks(clean, text));
        },
      ),
      manyRuns,
    );
  });

  test('S25 shows no beginning of it where the text was cut', () => {
    fc.assert(
      fc.property(secrets, encoding, noise, fc.nat(40), (text, write, before, length) => {
        const spelled = write(text);
        const kept = Math.min(length, spelled.length - 1);
        const cut = printable(before + spelled, before.length + kept);
        const clean = scrub(cut, [new Secret(text)]);
        if (kept < 4) return true;
        return !clean.endsWith(`${shown(spelled.slice(0, kept)).slice(0, 12)}...`);
      }),
      manyRuns,
    );
  });

  test('S25 stays as it was where it quotes none', () => {
    const words = fc.string({ unit: fc.constantFrom(...'ijklmnop ,.'), maxLength: 60 });
    fc.assert(
      fc.property(secrets, words, (text, words) => scrub(words, [new Secret(text)]) === words),
      manyRuns,
    );
  });
});

function leaks(clean: string, text: string): boolean {
  return encodings.some((write) => {
    const spelled = shown(write(text));
    for (let at = 0; at + 12 <= spelled.length; at += 1) {
      if (clean.includes(spelled.slice(at, at + 12))) return true;
    }
    return clean.includes(spelled);
  });
}
