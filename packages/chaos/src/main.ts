import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type ChaosPlan, chaosRun } from './chaos-run.js';
import { evidenceText } from './evidence.js';
import { reportText } from './report.js';
import { type StoreName, storeMissing, storeNames } from './store-place.js';

interface Flags {
  readonly store: StoreName;
  readonly minutes: number;
  readonly seed: number;
  readonly processes: number;
  readonly accounts: number;
  readonly controlMinutes?: number;
  readonly diary?: boolean;
  readonly evidence?: string;
  readonly quiet?: boolean;
}

const program = new Command('chaos')
  .description('Real processes over a real store, with everything going wrong, judged by logs.')
  .addOption(
    new Option('--store <kind>', 'where tokens are kept').choices(storeNames).default('sqlite'),
  )
  .option('--minutes <n>', 'of chaos', positive, 3)
  .option('--seed <n>', 'decides what is done, and when', whole, 1)
  .option('--processes <n>', 'that run engines', oneOrMore, 4)
  .option('--accounts <n>', 'in all', oneOrMore, 50)
  .option('--control-minutes <n>', 'undisturbed, to compare (default: a third)', positive)
  .option('--diary', 'print everything that was done')
  .option('--evidence <file>', 'write down all that is known of the run of chaos, as JSON')
  .option('--quiet', 'print nothing but the tables')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

try {
  await main(program.parse().opts<Flags>());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function main(flags: Flags): Promise<void> {
  const { store, minutes, seed, processes, accounts, controlMinutes = minutes / 3 } = flags;
  const missing = storeMissing(store);
  if (missing !== undefined) program.error(`This ${missing}`);
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => interrupted.abort(new Error(`Ended by ${name}.`)));
  }
  const { signal } = interrupted;
  const plan: ChaosPlan = { store, minutes, seed, processes, accounts, controlMinutes, signal };
  const began = performance.now();
  const result = await chaosRun(plan, (what) => {
    if (!flags.quiet) console.log(`> ${what} ...`);
  });
  if (flags.diary) {
    const { disturbances, from } = result.chaos;
    for (const { at, what } of disturbances) {
      console.log(`${String(Math.round(at - from)).padStart(7)} ${what}`);
    }
  }
  if (flags.evidence !== undefined) {
    writeFileSync(flags.evidence, evidenceText(result.chaos), { mode: 0o600 });
  }
  console.log(reportText(result, (performance.now() - began) / 1_000));
  if (result.verdicts.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

function oneOrMore(text: string): number {
  const value = whole(text);
  if (value === 0) throw new InvalidArgumentError('Give a whole number, 1 or more.');
  return value;
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}
