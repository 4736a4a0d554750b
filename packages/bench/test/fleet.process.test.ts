import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { type FleetFigures, fleetReport } from '@tokenkeep/bench';
import { postgresMissing, redisMissing } from '@tokenkeep/servers';

/** Its processes are forked: the built program, as `npm run bench` runs it. */
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const small = '--late 500 --seconds 1 --connections 5 --peers --json'.split(' ');
/** More than are renewed in that time, by a loop that does little. */
const accounts = { postgres: 16_000, redis: 40_000 };

async function bench(store: keyof typeof accounts): Promise<FleetFigures> {
  const args = [program, 'fleet', '--store', store, '--accounts', `${accounts[store]}`, ...small];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

describe.each([
  ['postgres', 'pg-boss', postgresMissing],
  ['redis', 'BullMQ', redisMissing],
] as const)('the fleet bench on %s', (store, peer, missing) => {
  const runs = missing === undefined ? test : test.skip;

  runs(
    'says every figure, and renews each account that falls due exactly once',
    async () => {
      const figures = await bench(store);
      const { engine, bare, ratio, claim, lateness } = figures;
      expect(engine.renewals).toBeGreaterThan(0);
      expect(bare.renewals).toBeGreaterThan(0);
      expect(ratio).toBeCloseTo(engine.perSecond / bare.perSecond);
      expect(claim.p99Ms).toBeGreaterThanOrEqual(claim.p50Ms);
      expect(claim.p50Ms).toBeGreaterThan(0);
      expect(claim.rowsPerClaim).toBeGreaterThan(0);
      expect(figures.bytesPerAccount).toBeGreaterThan(figures.bodyBytes);
      expect(lateness).toMatchObject({
        accounts: 500,
        renewed: 500,
        requests: 500,
        twice: 0,
        missed: 0,
      });
      const counts = lateness.histogram.map(({ count }) => count);
      expect(counts.reduce((total, count) => total + count, 0)).toBe(500);
      expect(figures.peer).toMatchObject({ name: peer, perSecond: expect.any(Number) });

      const report = fleetReport(figures);
      for (const word of [
        'the engine',
        'a bare loop',
        peer,
        'claim, p99',
        'storage for an account',
        'late by up to',
      ]) {
        expect(report).toContain(word);
      }
    },
    240_000,
  );
});

const onLinux = postgresMissing === undefined && existsSync('/proc/self/task') ? test : test.skip;

onLinux(
  'a bench that is told to end stops the server it has started',
  async () => {
    const child = spawn(process.execPath, [program, 'fleet', '--accounts', '100000'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await once(child.stdout, 'data');
    const servers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(
      ' ',
    );
    child.kill('SIGTERM');
    const errors = text(child.stderr);
    await expect(once(child, 'exit')).resolves.toEqual([1, null]);
    expect(await errors).toBe('Ended by SIGTERM.\n');
    const pids = servers.filter((pid) => pid !== '');
    expect(pids.length).toBeGreaterThan(0);
    expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  },
  60_000,
);
