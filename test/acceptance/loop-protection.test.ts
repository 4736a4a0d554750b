import { describe, expect, test } from '@jest/globals';
import {
  apiCallers,
  DAY,
  expectBounded,
  expectHealed,
  HOUR,
  hourLongWorld,
  MINUTE,
  uselessSuccesses,
} from './useless-successes.js';
import { World } from './world.js';

/** Real time for a virtual day of callers, on a machine that is busy with something else. */
const DAY_OF_PATIENCE = 240_000;
/** The shortest wait at the longest backoff, lifecycle section 6: d/2 of 300 s. */
const SHORTEST_PAUSE = 150_000;

describe.each(uselessSuccesses)('$name', ({ name, breaks, heals, perHour }) => {
  const id = name.slice(0, 3);

  test(
    `${id} a day of callers every 20 s costs no more requests than the guard allows`,
    async () => {
      await using world = new World();
      const { server, providers, accounts } = await hourLongWorld(world);
      breaks(server);
      const engine = await world.engine({ providers, accounts });
      engine.start();
      const call = apiCallers(world, server, () => engine);

      const sick = await call(20_000, DAY);
      expectBounded(server.log, perHour);
      expect(server.log.length).toBeLessThan(DAY / SHORTEST_PAUSE + 20);
      expect(sick.undated).toBe(0);

      heals(server);
      const before = server.log.length;
      expectHealed(await call(5_000, HOUR));
      expect(server.log.length - before).toBeLessThanOrEqual(2);
    },
    DAY_OF_PATIENCE,
  );

  test(`${id} where a token lived before, the bounds and the healing are the same`, async () => {
    await using world = new World();
    const { server, providers, accounts } = await hourLongWorld(world);
    const engine = await world.engine({ providers, accounts });
    engine.start();
    const call = apiCallers(world, server, () => engine);
    await call(5_000, MINUTE);
    breaks(server);

    await call(10_000, 3 * HOUR);
    // One more: the login that brought the token that lived.
    expectBounded(server.log, perHour + 1);
    expect(server.log.length).toBeLessThan((3 * HOUR) / SHORTEST_PAUSE);
    heals(server);
    expectHealed(await call(5_000, 10 * MINUTE));
  });

  test.each([3, 33, 63, 97])(
    `${id} an account serves again within 400 s of a healing after %i minutes`,
    async (minutes) => {
      await using world = new World();
      const { server, providers, accounts } = await hourLongWorld(world);
      breaks(server);
      const engine = await world.engine({ providers, accounts });
      engine.start();
      const call = apiCallers(world, server, () => engine);

      await call(10_000, minutes * MINUTE);
      heals(server);
      const before = server.log.length;
      expectHealed(await call(5_000, 10 * MINUTE));
      expect(server.log.length - before).toBeLessThanOrEqual(2);
    },
  );
});
