import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import type { Summary } from '../src/summary.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const accountDays = 400;

interface SwarmOutput {
  readonly summary: Summary;
  readonly failures: readonly unknown[];
  readonly broken: readonly unknown[];
}

let swarm: SwarmOutput;

beforeAll(async () => {
  const args = [main, '--account-days', String(accountDays), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 });
  swarm = JSON.parse(stdout);
}, 900_000);

test('four hundred account-days with everything going wrong violate no promise', () => {
  expect(swarm.failures).toEqual([]);
  expect(swarm.broken).toEqual([]);
  expect(swarm.summary.accountDays).toBeGreaterThanOrEqual(accountDays);
});

test('they are busy days: a renewal and a fault on the average one, at least', () => {
  const { summary } = swarm;
  const faults = Object.values(summary.disturbances).reduce((sum, count) => sum + count, 0);
  expect(summary.renewals / summary.accountDays).toBeGreaterThanOrEqual(1);
  expect(faults / summary.accountDays).toBeGreaterThanOrEqual(1);
});
