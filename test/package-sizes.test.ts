import { expect, test } from '@jest/globals';
import { providerSizes, sizesOnPage } from '../scripts/package-sizes.mjs';

/**
 * Bytes of each entry of a provider: its own code, bundled and minified, without dependencies.
 * Counted is all that importing it loads; what an `import()` brings later has a limit of its own.
 */
const limit = { atStart: 15_000, later: 9_000 };

const sizes = await providerSizes();

test('a provider loads at most 15 kB of its own at the start, and at most 9 kB later', () => {
  expect(sizes.length).toBeGreaterThanOrEqual(5);
  const tooLarge = sizes
    .filter(({ atStart, later }) => atStart > limit.atStart || later > limit.later)
    .map(({ entry, atStart, later }) => `${entry}: ${atStart} at the start, ${later} later`);
  expect(tooLarge).toEqual([]);
});

test('no provider contains the container', () => {
  const found = sizes.filter(({ text }) => /inversify|reflect-metadata/.test(text));
  expect(found.map(({ entry }) => entry)).toEqual([]);
});

test('the page of performance has their sizes, by 5 %. Write them with: npm run sizes', () => {
  const written = sizesOnPage();
  expect(written.map(({ entry }) => entry)).toEqual(sizes.map(({ entry }) => entry));
  const off = sizes.filter(({ atStart, later }, index) => {
    const said = written[index];
    const isNear = (is: number, was = Number.NaN) => Math.abs(is - was) <= 0.05 * is;
    return !isNear(atStart, said?.atStart) || !isNear(later, said?.later);
  });
  expect(off.map(({ entry, atStart, later }) => ({ entry, atStart, later }))).toEqual([]);
});
