import { beforeAll, expect, test } from '@jest/globals';
import { everyMutant } from '../src/mutants/every-mutant.js';
import { keptSeeds } from '../src/mutants/kept-seeds.js';
import type { MutantRun } from '../src/mutants/run-mutant.js';
import { runEngine, runMutants } from '../src/mutants/run-mutants.js';

const kept = keptSeeds();
const hunted = everyMutant.filter(({ id }) => kept[id] !== undefined);

let runs: readonly MutantRun[];

beforeAll(async () => {
  runs = await runMutants(hunted, ({ id }) => kept[id] ?? [], {});
}, 900_000);

test('a seed is kept for more than fifty mutants, and for none that is gone', () => {
  expect(hunted.length).toBeGreaterThan(50);
  expect(hunted.map(({ id }) => id).sort()).toEqual(Object.keys(kept).sort());
});

// Where the engine has changed, another seed may kill: npm run mutants -- --only <id> --seeds 1-40 --keep
test.each(hunted)('the simulation notices: $id ($title)', ({ id }) => {
  const { kills, tried } = runs.find(({ mutant }) => mutant.id === id) as MutantRun;
  expect({ tried, kills: kills.length }).toEqual({ tried, kills: 1 });
});

test('under the same seeds it finds nothing wrong with the engine', async () => {
  const tried = await runEngine(runs.flatMap(({ kills }) => kills));
  expect(tried.filter(({ violation, broken }) => violation ?? broken)).toEqual([]);
  expect(tried.length).toBeGreaterThan(10);
}, 900_000);
