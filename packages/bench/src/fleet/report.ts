import Table from 'cli-table3';
import type { FleetFigures } from './figures.js';

/** No colours: it is kept in files. */
const plain = { head: [], border: [] };

/** The figures as tables for a terminal. */
export function fleetReport(figures: FleetFigures): string {
  const { store, accounts, processes, seconds, lateness } = figures;
  const title = `${whole(accounts)} accounts on ${store}, ${processes} processes, 2 turns of ${seconds} s`;
  return [title, loops(figures), facts(figures), lateTitle(figures), late(lateness)].join('\n\n');
}

function loops({ engine, bare, peer }: FleetFigures): string {
  const table = new Table({
    head: ['', 'renewals/s', 'the engine is'],
    colAligns: ['left', 'right', 'right'],
    style: plain,
  });
  const ratio = (other: number) => `${(engine.perSecond / other).toFixed(2)} x`;
  table.push(
    ['the engine', whole(engine.perSecond), ''],
    ['a bare loop: a claim, two updates each', whole(bare.perSecond), ratio(bare.perSecond)],
  );
  if (peer !== undefined) {
    table.push([
      `a job for each token on ${peer.name}, that does nothing`,
      whole(peer.perSecond),
      ratio(peer.perSecond),
    ]);
  }
  return table.toString();
}

function facts({ claim, bytesPerAccount, bodyBytes, startMs, memoryMb }: FleetFigures): string {
  const table = new Table({ colAligns: ['left', 'right'], style: plain });
  table.push(
    ['claim, median', `${claim.p50Ms.toFixed(1)} ms`],
    ['claim, p99', `${claim.p99Ms.toFixed(1)} ms`],
    ['rows in a claim', claim.rowsPerClaim.toFixed(1)],
    [
      'storage for an account',
      `${whole(bytesPerAccount)} B, ${whole(bodyBytes)} of them its record`,
    ],
    ['start of an engine', `${(startMs / 1_000).toFixed(1)} s`],
    ['memory of a process', `${whole(memoryMb)} MB`],
  );
  return table.toString();
}

function lateTitle({
  lateness: { accounts, renewed, twice, missed, requests },
}: FleetFigures): string {
  return (
    `${whole(accounts)} accounts due in one second: ${whole(renewed)} renewals, ${whole(requests)} requests, ` +
    `${twice} accounts twice, ${missed} never`
  );
}

function late({ p50Ms, p99Ms, mostMs, histogram, renewed }: FleetFigures['lateness']): string {
  const table = new Table({
    head: ['late by up to', 'renewals', ''],
    colAligns: ['right', 'right', 'left'],
    style: plain,
  });
  for (const { upToMs, count } of histogram) {
    const bar = '#'.repeat(Math.round((count / Math.max(1, renewed)) * 40));
    table.push([seconds(upToMs), whole(count), bar]);
  }
  return `${table}\nmedian ${seconds(p50Ms)}, p99 ${seconds(p99Ms)}, the last ${seconds(mostMs)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 1_000 ? 2 : 1)} s`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
