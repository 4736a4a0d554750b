import { expect, test } from '@jest/globals';
import { runSeed } from '../src/index.js';

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);

test.each(seeds)('seed %i: everything goes wrong, and no promise is broken', async (seed) => {
  const run = await runSeed(seed);
  expect(run.violations).toEqual([]);
  expect(run.renewals).toBeGreaterThan(0);
});
