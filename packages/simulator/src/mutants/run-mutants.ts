import { EngineCopy } from './engine-copy.js';
import type { Mutant } from './mutant.js';
import { type MutantRun, type RunMutantOptions, runMutant } from './run-mutant.js';
import { type TriedSeed, trySeeds } from './tried-seed.js';

/** One for each core that a small machine has. */
const lanes = 2;
/** The engine comes to its end; a seed for it that takes longer is a mistake. Real ms. */
const limitMs = 60_000;

/** Plays on each mutant the seeds meant for it, some mutants at a time. */
export async function runMutants(
  mutants: readonly Mutant[],
  seedsOf: (mutant: Mutant) => readonly number[],
  options: RunMutantOptions,
  onEnd: (run: MutantRun) => void = () => {},
): Promise<readonly MutantRun[]> {
  const runs = new Map<Mutant, MutantRun>();
  await inLanes(mutants, async (copy, mutant) => {
    const run = await runMutant(copy, mutant, seedsOf(mutant), options);
    runs.set(mutant, run);
    onEnd(run);
  });
  return mutants.flatMap((mutant) => runs.get(mutant) ?? []);
}

/**
 * Plays the engine as it is on the seeds that killed, as far as they were played then. Whatever
 * falls here fell in vain there.
 */
export async function runEngine(kills: readonly TriedSeed[]): Promise<readonly TriedSeed[]> {
  const until = new Map<number, number>();
  for (const { seed, violation } of kills) {
    until.set(seed, Math.max(until.get(seed) ?? 0, violation?.at ?? 0));
  }
  const tried: TriedSeed[] = [];
  const trials = [...until].map(([seed, untilMs]) => ({ seed, untilMs }));
  await inLanes(trials, async (copy, trial) => {
    for await (const each of trySeeds(copy.script, [trial], limitMs)) tried.push(each);
  });
  return tried;
}

async function inLanes<Task>(
  tasks: readonly Task[],
  work: (copy: EngineCopy, task: Task) => Promise<void>,
): Promise<void> {
  const left = [...tasks];
  const lane = async () => {
    using copy = new EngineCopy();
    for (let task = left.shift(); task !== undefined; task = left.shift()) await work(copy, task);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
