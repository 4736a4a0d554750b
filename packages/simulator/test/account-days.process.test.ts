import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import { sometimes } from '../src/sometimes.js';
import type { Summary } from '../src/summary.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const accountDays = 10_000;

interface Played {
  readonly summary: Summary;
  readonly failures: readonly { readonly draw: { readonly seed: number } }[];
  readonly broken: readonly { readonly seed: number; readonly thrown: string }[];
}

let played: Played;

beforeAll(async () => {
  // One thread: the other core has tests of its own to run. With two it takes half as long.
  const flags = ['--account-days', String(accountDays), '--workers', '1', '--json'];
  const output = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [main, ...flags], { maxBuffer: 2 ** 28 }, (error, stdout) => {
      // What it found makes it fail as well, and is looked at below.
      if (stdout === '') reject(error);
      else resolve(stdout);
    });
  });
  played = JSON.parse(output);
}, 1_500_000);

test('in ten thousand account-days of everything going wrong no promise is broken', () => {
  expect(played.broken).toEqual([]);
  expect(played.failures.map(({ draw }) => `npm run sim -- --seed ${draw.seed}`)).toEqual([]);
  expect(played.summary.accountDays).toBeGreaterThanOrEqual(accountDays);
});

test('they are busy days: five renewals and a fault on the average one', () => {
  const { summary } = played;
  const faults = Object.values(summary.disturbances).reduce((sum, count) => sum + count, 0);
  expect(summary.renewals / summary.accountDays).toBeGreaterThanOrEqual(5);
  expect(faults / summary.accountDays).toBeGreaterThanOrEqual(1);
});

test.each(sometimes)('it happened at least once: %s', (what) => {
  expect(played.summary.reached[what]).toBeGreaterThan(0);
});
