import Table from 'cli-table3';
import type { Verdict } from './promises.js';
import type { Colours, Screen } from './screen.js';
import type { ServerCounts } from './server-counts.js';

const headings = [
  '\naccount',
  '\nlogins',
  're-\nfreshes',
  'API calls\nserved',
  '\nrefused',
  'ended ones\nshown',
  'sends per\ngeneration',
  '\nreplays',
  'families\nrevoked',
];

/** Lines above, under the headings and below; columns are held apart by air. */
const border = {
  'top-left': ' ',
  'top-mid': '',
  'top-right': '',
  'left-mid': ' ',
  'mid-mid': '',
  'right-mid': '',
  'bottom-left': ' ',
  'bottom-mid': '',
  'bottom-right': '',
  left: ' ',
  middle: '',
  right: '',
};

/** The counts of all servers as a table, and under it the promises. */
export function showSummary(
  screen: Screen,
  counts: readonly ServerCounts[],
  verdicts: readonly Verdict[],
  refusalsProvoked: number,
): void {
  const { bold, dim } = screen.colours;
  screen.line();
  screen.line(`${bold(' What the servers saw')}${dim(': counted from their request logs')}`);
  screen.line(tableOf(screen.colours, counts));
  screen.line(
    dim('   digitalriver/shop logs in with the token of identity/staff, not with a password.'),
  );
  if (refusalsProvoked > 0) {
    screen.line(dim('   One ended token at chatapp/crm was refused on purpose, in chapter 2.'));
  }
  screen.line();
  screen.line(bold(' What was promised'));
  screen.line();
  for (const verdict of verdicts) screen.line(lineOf(screen.colours, verdict));
  screen.line();
  screen.line(conclusion(screen.colours, verdicts));
}

function tableOf({ bold, dim }: Colours, counts: readonly ServerCounts[]): string {
  const table = new Table({
    head: headings.map((heading) => heading.split('\n').map(dim).join('\n')),
    colAligns: headings.map((_, column) => (column === 0 ? 'left' : 'right')),
    chars: border,
    style: { head: [], border: [], compact: true },
  });
  for (const count of counts) {
    table.push([
      bold(count.member.id),
      count.logins,
      count.refreshes,
      count.served,
      count.refused,
      count.expiredShown + count.revokedShown,
      sendsOf(count),
      count.replays,
      count.familiesRevoked,
    ]);
  }
  return table.toString();
}

function sendsOf({ generationsSent, mostSends }: ServerCounts): string {
  if (generationsSent === 0) return '-';
  return mostSends === 1 ? '1 each' : `up to ${mostSends}`;
}

function lineOf({ green, red, yellow, dim }: Colours, { promise, kept, measured }: Verdict) {
  const mark = kept === undefined ? yellow('–') : kept ? green('✔') : red('✘');
  const words = promise.padEnd(42);
  return `   ${mark} ${kept === false ? red(words) : words}${dim(measured)}`;
}

function conclusion({ green, red, yellow, bold }: Colours, verdicts: readonly Verdict[]): string {
  const broken = verdicts.filter(({ kept }) => kept === false);
  const kept = verdicts.filter((verdict) => verdict.kept).length;
  if (broken.length > 0) {
    const names = broken.map(({ promise }) => `\n     ${promise}`).join('');
    return bold(red(` ✘ Broken: ${broken.length} of ${verdicts.length} promises${names}`));
  }
  if (kept === verdicts.length) return bold(green(` ✔ All ${kept} promises were kept.`));
  return bold(yellow(` ✔ ${kept} promises were kept; the story ended before the rest was tested.`));
}
