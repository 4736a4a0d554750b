import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type StoreServer, storeKinds } from '@tokenkeep/servers';
import { fault } from '@tokenkeep/testing';
import { describeStores } from '../describe-stores.js';
import { quick, RealWorld, until } from './processes/real-world.js';

const names = Array.from({ length: 12 }, (_, index) => `account-${index}`);

/** The most arrivals in any span of this length. */
function mostWithin(times: readonly number[], spanMs: number): number {
  return Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + spanMs).length),
  );
}

describeStores(storeKinds, ({ start }) => {
  let stores: StoreServer;
  beforeAll(async () => {
    stores = await start();
  });
  afterAll(() => stores.stop());

  test('four processes keep one pace, with three accounts each', async () => {
    await using world = await RealWorld.begin({ accounts: names }, stores);
    const pace = { 'crm-api': { perSecond: 4, burst: 2 } };
    const parameters = { ...quick, waitMs: 15_000 };
    const fleet = await Promise.all([0, 1, 2, 3].map(() => world.process({ pace, parameters })));
    await Promise.all(names.map((key, index) => fleet[index % 4]?.ask('token', { key })));
    const times = world.server.log.logins().map(({ at }) => at);
    expect(times).toHaveLength(12);
    // Who had a turn may be late on a busy machine, and meet the next one: half a second is left
    // for that. Without a pace all of them are there in one.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan((12 - 2) * 250 - 500);
    expect(mostWithin(times, 500)).toBeLessThanOrEqual(2 + 2 + 2);
  });

  test('the place of a process that was killed comes free', async () => {
    await using world = await RealWorld.begin({ accounts: names.slice(0, 2) }, stores);
    const [first, second] = names;
    const pace = { 'crm-api': { concurrent: 1 } };
    // A request counts as on its way for as long as it can be: 4 s here.
    const parameters = { ...quick, waitMs: 15_000, rotationTimeoutMs: 3_500, quarantineMs: 4_000 };
    const [dying, living] = await Promise.all([
      world.process({ pace, parameters }),
      world.process({ pace, parameters }),
    ]);
    world.server.faults.next('obtain', fault.hang());
    const lost = dying?.ask('token', { key: first }).catch(() => {});
    await until(() => world.server.log.logins().length === 1);
    const killedAt = performance.now();
    await dying?.kill();
    await lost;
    await living?.ask('token', { key: second });
    const freeAfterMs = performance.now() - killedAt;
    expect(world.server.log.logins()).toHaveLength(2);
    expect(freeAfterMs).toBeGreaterThan(2_000);
    expect(freeAfterMs).toBeLessThan(12_000);
  });
});
