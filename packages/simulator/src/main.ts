import { availableParallelism } from 'node:os';
import type { TraceLine } from '@tokenkeep/testing/simulation';
import { Command, InvalidArgumentError } from 'commander';
import { drawFrom } from './draw.js';
import { failureIn, failureText, traceText } from './failure.js';
import { reportText } from './report.js';
import { runDraw } from './run-draw.js';
import { shrink } from './shrink.js';
import { swarm } from './swarm.js';

interface Flags {
  readonly seed?: number;
  readonly until?: number;
  readonly account?: string;
  readonly shrink?: boolean;
  readonly from: number;
  readonly minutes?: number;
  readonly accountDays?: number;
  readonly workers: number;
  readonly json?: boolean;
}

const program = new Command('sim')
  .description('Play token life with everything going wrong, and watch every promise.')
  .option('--seed <n>', 'play one seed, and print the end of its trace', whole)
  .option('--until <ms>', 'with --seed: stop at this moment of the simulation', number)
  .option('--account <name>', 'with --seed: print everything that ever happened to it')
  .option('--shrink', 'with --seed: leave out whatever the failure does not need')
  .option('--from <n>', 'play seeds from this one on', whole, 1)
  .option('--minutes <n>', 'for so long', number)
  .option('--account-days <n>', 'until so many have been played (default: 1000)', number)
  .option('--workers <n>', 'threads', oneOrMore, availableParallelism())
  .option('--json', 'print what came of it as JSON');

const ofOneSeed = ['until', 'account', 'shrink'];
const ofManySeeds = ['from', 'minutes', 'accountDays', 'workers', 'json'];

await main(program.parse().opts<Flags>());

async function main(flags: Flags): Promise<void> {
  refuseIdleFlags(flags);
  if (flags.seed !== undefined) return playOne(flags.seed, flags);
  const { minutes, accountDays = minutes === undefined ? 1_000 : undefined } = flags;
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1_000;
  const { summary, failures, broken } = await swarm({
    from: flags.from,
    workers: flags.workers,
    isEnough: (soFar) =>
      (minutes !== undefined && elapsed() >= minutes * 60) ||
      (accountDays !== undefined && soFar.accountDays >= accountDays),
  });
  if (failures.length + broken.length > 0) process.exitCode = 1;
  if (flags.json) {
    console.log(JSON.stringify({ seconds: elapsed(), summary, failures, broken }));
    return;
  }
  console.log(reportText(summary, elapsed()));
  for (const { seed, thrown } of broken) console.log(`\nSeed ${seed} broke down: ${thrown}`);
  for (const failed of failures) console.log(`\n${failureText(failed, 20)}`);
  console.log(`\n${failures.length} violations, ${broken.length} breakdowns`);
}

/** A flag that does nothing here was meant to do something. */
function refuseIdleFlags({ seed }: Flags): void {
  const idle = seed === undefined ? ofOneSeed : ofManySeeds;
  const given = idle.filter((name) => program.getOptionValueSource(name) === 'cli');
  if (given.length === 0) return;
  const names = given.map(
    (name) => `--${name.replace(/[A-Z]/g, (big) => `-${big.toLowerCase()}`)}`,
  );
  const cure = seed === undefined ? 'Say which seed: --seed <n>.' : 'Leave it out, or --seed.';
  program.error(`${names.join(', ')} does nothing here. ${cure}`);
}

async function playOne(seed: number, flags: Flags): Promise<void> {
  const { until: untilMs, account, shrink: shrinks } = flags;
  const known = new Set<string>();
  const wanted = account?.split('/').at(-1);
  const onLine = (line: TraceLine) => {
    // Engines say provider/account, wires and servers the account alone.
    const name = line.account?.split('/').at(-1);
    if (name !== undefined) known.add(name);
    if (wanted !== undefined && name === wanted) console.log(traceText(line));
  };
  const run = await runDraw(drawFrom(seed), { untilMs, onLine });
  if (wanted !== undefined && !known.has(wanted)) {
    program.error(`Nothing happened to ${account}. Accounts: ${[...known].sort().join(', ')}.`);
  }
  const failed = failureIn(run);
  if (failed === undefined) {
    if (account === undefined) console.log(run.trace.map(traceText).join('\n'));
    const when = untilMs === undefined ? '' : ` until ${untilMs} ms; the rest was not played`;
    console.log(`\ntrace ${run.hash}\nSeed ${seed}: nothing was violated${when}.`);
    return;
  }
  process.exitCode = 1;
  if (!shrinks) {
    console.log(failureText(failed, account === undefined ? undefined : 0));
    return;
  }
  const smallest = await shrink(failed);
  console.log(failureText(smallest));
  console.log(`\nThe smallest draw that fails, for regressions.json:`);
  console.log(JSON.stringify(smallest.draw, undefined, 2));
}

function number(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('Give a number, 0 or more.');
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
