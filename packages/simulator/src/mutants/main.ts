import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { everyMutant } from './every-mutant.js';
import { keepSeeds, keptSeeds } from './kept-seeds.js';
import type { Mutant } from './mutant.js';
import type { MutantRun } from './run-mutant.js';
import { runEngine, runMutants } from './run-mutants.js';

interface Flags {
  readonly only?: readonly string[];
  readonly seeds?: readonly number[];
  readonly keep?: boolean;
}

/** So many seeds are kept for each mutant. */
const mostKept = 1;

const program = new Command('mutants')
  .description('Break the engine on purpose, one mechanism at a time, and see that it is noticed.')
  .option('--only <ids...>', 'these mutants', known)
  .option('--seeds <from-to>', 'look for seeds that kill, instead of playing the kept ones', range)
  .option('--keep', 'with --seeds: write those that kill soonest to kept-seeds.json');

await main(program.parse().opts<Flags>());

async function main({ only, seeds, keep = false }: Flags): Promise<void> {
  if (keep && seeds === undefined) program.error('--keep does nothing without --seeds <from-to>.');
  const kept = keptSeeds();
  const mutants = everyMutant.filter(({ id }) => only === undefined || only.includes(id));
  const options = seeds === undefined ? {} : { enough: mostKept };
  const seedsOf = ({ id }: Mutant) => seeds ?? kept[id] ?? [];
  const found: Record<string, readonly number[]> = { ...kept };
  const runs = await runMutants(mutants, seedsOf, options, ({ mutant, kills }) => {
    process.stderr.write(`${mutant.id}: ${kills.length > 0 ? 'killed' : 'survives'}\n`);
    if (!keep) return;
    // At once: a hunt takes long, and is broken off.
    // One that was found before is not forgotten for a hunt in vain.
    if (kills.length === 0) return;
    found[mutant.id] = soonest(kills);
    keepSeeds(found);
  });
  console.log(tableOf(runs));
  const kills = runs.flatMap((run) => run.kills);
  const fallen = (await runEngine(kills)).filter(({ violation, broken }) => violation ?? broken);
  for (const { seed, violation, broken } of fallen) {
    console.log(`Seed ${seed} fells the engine as it is: ${violation?.message ?? broken}`);
  }
  const survivors = runs.filter((run) => run.kills.length === 0 && !run.mutant.survives);
  for (const { mutant } of survivors) {
    console.log(
      `${mutant.id} survives. Look for a seed: npm run mutants -- --only ${mutant.id} --seeds 1-300`,
    );
  }
  if (survivors.length + fallen.length > 0) process.exitCode = 1;
  console.log(`killed ${runs.filter((run) => run.kills.length > 0).length} of ${runs.length}`);
}

function tableOf(runs: readonly MutantRun[]): string {
  const table = new Table({
    head: ['mutant', 'what is broken', 'killed by', 'seeds', 'simulated', 'ms'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [32, 48, 11, 16, 11, 8],
  });
  for (const { mutant, kills, tookMs } of runs) {
    const [first] = kills;
    table.push([
      mutant.id,
      first === undefined && mutant.survives
        ? `${mutant.title}\nsurvives: ${mutant.survives}`
        : mutant.title,
      first?.violation?.invariant ?? '-',
      kills.map(({ seed }) => seed).join(', ') || '-',
      first?.violation === undefined ? '-' : `${Math.round(first.violation.at / 1_000)} s`,
      String(first?.tookMs ?? tookMs),
    ]);
  }
  return table.toString();
}

function soonest(kills: MutantRun['kills']): readonly number[] {
  return [...kills].sort((left, right) => left.tookMs - right.tookMs).map(({ seed }) => seed);
}

function known(id: string, before: readonly string[] = []): readonly string[] {
  if (everyMutant.some((mutant) => mutant.id === id)) return [...before, id];
  throw new InvalidArgumentError(`There is no mutant "${id}".`);
}

function range(text: string): readonly number[] {
  const [, from, to] = /^(\d{1,9})-(\d{1,9})$/.exec(text) ?? [];
  if (from === undefined || to === undefined || Number(from) > Number(to)) {
    throw new InvalidArgumentError('Give it as 1-300.');
  }
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index);
}
