import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { type FleetFigures, fleetReport } from '@tokenkeep/bench';
import { postgresMissing, redisMissing } from '@tokenkeep/servers';

/** Its processes are forked: the built program, as `npm run bench` runs it. */
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const small = '--accounts 4000 --late 500 --seconds 5 --connections 5 --peers --json'.split(' ');

async function bench(store: string): Promise<FleetFigures> {
  const args = [program, 'fleet', '--store', store, ...small];
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
        'late by at most',
      ]) {
        expect(report).toContain(word);
      }
    },
    240_000,
  );
});
