import { Command, InvalidArgumentError, Option } from 'commander';
import type { FleetOptions } from './fleet/fleet-options.js';
import { fleetReport } from './fleet/report.js';
import { runFleet } from './fleet/run-fleet.js';

type FleetFlags = Omit<FleetOptions, 'signal' | 'tell' | 'peers'> & {
  readonly peers?: boolean;
  readonly json?: boolean;
};

const program = new Command('bench')
  .description('How fast it is, and beside what.')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

program
  .command('fleet')
  .description('Renewals of a large fleet, beside a bare loop and beside job systems.')
  .option('--accounts <n>', 'how many there are', whole, 1_000_000)
  .addOption(
    new Option('--store <name>', 'where they are')
      .choices(['postgres', 'redis'])
      .default('postgres'),
  )
  .option('--processes <n>', 'how many renew', whole, 2)
  .option('--seconds <n>', 'how long each loop is measured', whole, 20)
  .option('--late <n>', 'how many fall due in one second', whole, 100_000)
  .option('--connections <n>', 'of each process, to PostgreSQL', whole, 10)
  .option('--peers', 'also a job for each token, on a job system')
  .option('--json', 'print the figures as JSON')
  .action(fleet);

async function fleet({ json, peers = false, ...flags }: FleetFlags): Promise<void> {
  const interrupted = new AbortController();
  const { signal } = interrupted;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => interrupted.abort(new Error(`Ended by ${name}.`)));
  }
  try {
    const tell = json ? () => {} : (line: string) => console.log(line);
    const figures = await runFleet({ ...flags, peers, signal, tell });
    console.log(json ? JSON.stringify(figures) : fleetReport(figures));
  } catch (error) {
    const reason = signal.aborted ? signal.reason : error;
    console.error(reason instanceof Error ? reason.message : reason);
    process.exitCode = 1;
  }
}

await program.parseAsync();

function whole(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InvalidArgumentError('Give a whole number, 1 or more.');
  return Number(text);
}
