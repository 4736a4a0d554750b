import { describe, expect, test } from '@jest/globals';
import { killsOf } from '../src/chaos-run.js';
import { judge } from '../src/judge/judge.js';
import { storeMissing, storeNames } from '../src/store-place.js';
import { playWorld } from '../src/world.js';

const durationMs = 20_000;

describe.each(storeNames)('F56 F57 F61 four processes over %s', (store) => {
  const missing = storeMissing(store);
  const run = missing === undefined ? test : test.skip;

  run(
    'are killed, stopped and cut off for twenty seconds: no promise is broken, and no rotation is lost without a reason',
    async () => {
      const plan = { store, seed: 1, durationMs, processes: 4, accounts: 16, disturbed: true };
      const evidence = await playWorld(plan);
      expect(judge(evidence).flatMap(({ broken }) => broken)).toEqual([]);
      expect(killsOf(evidence)).toBeGreaterThanOrEqual(5);
      expect(evidence.cuts.size).toBeGreaterThan(0);
      expect(evidence.handed.length).toBeGreaterThan(100);
    },
    180_000,
  );
});
