import Table from 'cli-table3';
import { sometimes } from './sometimes.js';
import type { Summary } from './summary.js';

/** Everything to publish of a long run, as tables. */
export function reportText(summary: Summary, seconds: number): string {
  const { runs, accountDays, events, renewals, asked, served, crashes } = summary;
  const days = accountDays.toFixed(0);
  const overall = [
    ['seeds', runs],
    ['account-days', days],
    ['account-days per second', (accountDays / seconds).toFixed(1)],
    ['events', events],
    ['events per second', Math.round(events / seconds)],
    ['token sets issued', renewals],
    ['... per account-day', (renewals / accountDays).toFixed(1)],
    ['disturbances', total(summary.disturbances)],
    ['... per account-day', (total(summary.disturbances) / accountDays).toFixed(1)],
    ['crashes', crashes],
    ['in doubt', summary.reached['in doubt entered'] ?? 0],
    ['asked', asked],
    ['served', `${served} (${percent(served, asked)})`],
  ];
  const missed = sometimes.filter((name) => !(name in summary.reached));
  return [
    table(['', ''], overall),
    table(
      ['a refresh token left', 'of so many'],
      Object.entries(summary.sendsPerGeneration).map(([times, count]) => [`${times} times`, count]),
    ),
    table(
      ['switched on', 'happened', 'asked', 'served'],
      Object.entries(summary.availability)
        .sort(([left], [right]) => left.localeCompare(right))
        .map(([kind, each]) => [
          kind,
          summary.disturbances[kind] ?? '',
          each.asked,
          percent(each.served, each.asked),
        ]),
    ),
    table(
      ['reached', 'times'],
      sometimes.map((name) => [name, summary.reached[name] ?? 0]),
    ),
    missed.length === 0 ? 'Every sometimes-property was reached.' : `Missed: ${missed.join(', ')}`,
  ].join('\n\n');
}

function table(head: string[], rows: readonly (readonly (string | number)[])[]): string {
  const drawn = new Table({ head, style: { head: [], border: [] } });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(3)} %`;
}
