import type { EngineCopy } from './engine-copy.js';
import type { Mutant } from './mutant.js';
import { type TriedSeed, trySeeds } from './tried-seed.js';

export interface MutantRun {
  readonly mutant: Mutant;
  /** Seeds under which it broke one of the promises it was to break. */
  readonly kills: readonly TriedSeed[];
  readonly tried: readonly TriedSeed[];
  /** Real ms. */
  readonly tookMs: number;
}

export interface RunMutantOptions {
  /** So many kills are enough. Default 1. */
  readonly enough?: number;
  /** A seed that takes longer is given up. Real ms, default 20,000. */
  readonly limitMs?: number;
}

/** Plays seeds on a mutant, in the order given, until it has been killed often enough. */
export async function runMutant(
  copy: EngineCopy,
  mutant: Mutant,
  seeds: readonly number[],
  { enough = 1, limitMs = 20_000 }: RunMutantOptions = {},
): Promise<MutantRun> {
  copy.become(mutant);
  const began = performance.now();
  const tried: TriedSeed[] = [];
  const trials = seeds.map((seed) => ({ seed }));
  const kills = () => tried.filter((each) => isKilled(mutant, each));
  for await (const each of trySeeds(copy.script, trials, limitMs)) {
    tried.push(each);
    if (kills().length >= enough) break;
  }
  return { mutant, kills: kills(), tried, tookMs: Math.round(performance.now() - began) };
}

/** Another promise that falls, or a run that breaks down, proves nothing about this mutant. */
function isKilled({ breaks }: Mutant, { violation }: TriedSeed): boolean {
  return violation !== undefined && breaks.includes(violation.invariant);
}
