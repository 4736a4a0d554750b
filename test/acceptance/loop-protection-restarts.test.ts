import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { RestartingProcess } from './restarting-process.js';
import {
  apiCallers,
  DAY,
  expectBounded,
  expectHealed,
  expired,
  HOUR,
  hourLongWorld,
  MINUTE,
  uselessSuccesses,
} from './useless-successes.js';
import { World } from './world.js';

/** Real time for a virtual day of callers, on a machine that is busy with something else. */
const DAY_OF_PATIENCE = 240_000;

/** One virtual day in which no process lives longer than three minutes. */
async function dayOfShortLives(
  process: RestartingProcess,
  call: (everyMs: number, forMs: number) => Promise<unknown>,
  ends: readonly ('kill' | 'stop')[],
): Promise<void> {
  for (let life = 0; life < DAY / (3 * MINUTE); life += 1) {
    (await process.start()).start();
    await call(15_000, 3 * MINUTE);
    await process[ends[life % ends.length] ?? 'kill']();
  }
}

test.each(uselessSuccesses)(
  '$name, a process killed or stopped every three minutes is held to the same bounds for a day',
  async ({ breaks, heals, perHour }) => {
    await using world = new World();
    const { server, providers, accounts } = await hourLongWorld(world);
    breaks(server);
    const process = new RestartingProcess(world, { providers, accounts });
    const call = apiCallers(world, server, () => process.engine);

    await dayOfShortLives(process, call, ['kill', 'stop']);
    expectBounded(server.log, perHour);

    heals(server);
    (await process.start()).start();
    expectHealed(await call(5_000, HOUR));
    await process.stop();
  },
  DAY_OF_PATIENCE,
);

test(
  'F02 a process killed every three minutes in the middle of slow renewals is held to the same bounds',
  async () => {
    await using world = new World();
    const { server, providers, accounts } = await hourLongWorld(world);
    server.faults.always('any', fault.delay(5_000, expired()));
    const process = new RestartingProcess(world, { providers, accounts });
    const call = apiCallers(world, server, () => process.engine);

    await dayOfShortLives(process, call, ['kill']);
    expectBounded(server.log, 32);
    // A rotation that a kill lost is never sent again, whoever comes after.
    expect(Math.max(...server.log.requestsPerGeneration().values())).toBe(1);
  },
  DAY_OF_PATIENCE,
);

test('F49 a new process keeps to the forced renewals its predecessors made', async () => {
  await using world = new World();
  const { server, providers, accounts } = await hourLongWorld(world);
  server.truth.rejectAllAccessTokens();
  const process = new RestartingProcess(world, { providers, accounts });
  const call = apiCallers(world, server, () => process.engine);

  for (let round = 0; round < 20; round += 1) {
    await process.start();
    await call(3_000, 12_000);
    process.kill();
  }
  // Four minutes: one login and the one renewal that its refusal was good for.
  expect(server.log.length).toBe(2);
});
