import { describe, expect, test } from '@jest/globals';
import type { Pace, TokenEngine } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { type Fleet, fleetWorld, isTokenRequest } from './fleet.js';
import { World } from './world.js';

const SECOND = 1_000;

/** Processes that share a store, each told the same pace. */
async function processes(world: World, fleet: Fleet, count: number, pace: Pace) {
  const made: TokenEngine[] = [];
  for (let n = 0; n < count; n += 1) {
    const { providers, accounts } = fleet;
    made.push(await world.engine({ providers, accounts, pace: { fleet: pace } }));
  }
  return made;
}

/** When the server was asked for tokens, in order. */
const arrivals = ({ server }: Fleet) => server.log.where(isTokenRequest).map(({ at }) => at);

/** The most arrivals in any span of this length. */
function mostWithin(times: readonly number[], spanMs: number): number {
  return Math.max(
    0,
    ...times.map((from) => times.filter((at) => at >= from && at < from + spanMs).length),
  );
}

describe('a pace holds for all processes together:', () => {
  test('thirty callers at three processes wait their turn, two requests a second', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 30);
    const engines = await processes(world, fleet, 3, { perSecond: 2, burst: 4 });
    const asked = fleet.names.map((name, index) => engines[index % 3]?.getToken(name));
    const tokens = await world.run(Promise.all(asked));
    expect(new Set(tokens.map((token) => token?.reveal())).size).toBe(30);
    const times = arrivals(fleet);
    expect(times).toHaveLength(30);
    expect(mostWithin(times, SECOND)).toBeLessThanOrEqual(4 + 2);
    // It is a pace, not a brake: nobody waits longer than the others before make necessary.
    const tookMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
    expect(tookMs).toBeGreaterThanOrEqual((30 - 4 - 1) * 500);
    expect(tookMs).toBeLessThanOrEqual((30 - 4) * 500 + SECOND);
  });

  test('no more requests are on their way than stated, and each that ends makes room', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 12);
    const answerMs = 900;
    fleet.server.faults.always('obtain', fault.delay(answerMs));
    const engines = await processes(world, fleet, 3, { concurrent: 3 });
    const asked = fleet.names.map((name, index) => engines[index % 3]?.getToken(name));
    await world.run(Promise.all(asked));
    const times = arrivals(fleet);
    expect(times).toHaveLength(12);
    expect(mostWithin(times, answerMs)).toBe(3);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(12 * SECOND);
  });

  test('background renewal claims no more rows than have a turn, and renews all in time', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 40, { accessLifeMs: 60 * SECOND });
    const engines = await processes(world, fleet, 3, { perSecond: 2 });
    for (const engine of engines) engine.start();
    await world.clock.advance(10 * 60 * SECOND);
    const times = arrivals(fleet);
    expect(mostWithin(times, 10 * SECOND)).toBeLessThanOrEqual(21);
    expect(fleet.server.log.logins()).toHaveLength(40);
    const tokens = await world.run(
      Promise.all(fleet.names.map((name) => engines[0]?.getToken(name))),
    );
    for (const token of tokens)
      expect(fleet.server.truth.accepts(token?.reveal() ?? '')).toBe(true);
    // Rows wait unclaimed: what was refused a turn was neither leased nor tried.
    expect(world.seen('guard:tripped')).toEqual([]);
    expect(world.seen('renewal:failed')).toEqual([]);
  });

  test('who cannot have a turn in time is told when to come back', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 3);
    const [engine] = await processes(world, fleet, 1, { perSecond: 0.1 });
    const asked = fleet.names.map((name) => engine?.getToken(name) as Promise<unknown>);
    const [first, second, third] = await world.run(Promise.allSettled(asked));
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(third).toMatchObject({
      reason: { code: 'WAIT_TIMED_OUT', reason: 'pace', retryable: true },
    });
    await world.run(engine?.getToken(fleet.names[2] ?? '') as Promise<unknown>);
  });

  test('providers that ask one host share its pace by naming it', async () => {
    await using world = new World();
    const one = await fleetWorld(world, 6);
    const pace = { perSecond: 1, of: 'auth.example.com' };
    const other = one.providers.map((provider) =>
      Object.assign(Object.create(provider), { id: 'fleet-2' }),
    );
    const engine = await world.engine({
      providers: [...one.providers, ...other],
      accounts: one.accounts.map((account, index) => ({
        ...account,
        provider: index % 2 === 0 ? 'fleet' : 'fleet-2',
      })),
      pace: { fleet: pace, 'fleet-2': pace },
    });
    await world.run(Promise.all(one.names.map((name) => engine.getToken(name))));
    expect(mostWithin(arrivals(one), SECOND)).toBe(1);
  });
});

describe('a host that fails is left alone by the whole fleet:', () => {
  const askAll = async (world: World, fleet: Fleet, engines: readonly TokenEngine[]) => {
    for (const [index, name] of fleet.names.entries()) {
      engines[index % engines.length]?.getToken(name).catch(() => {});
      await world.clock.settle();
    }
  };

  const findOut = async (world: World, fleet: Fleet, engine: TokenEngine | undefined) => {
    for (const name of fleet.names.slice(0, 5)) {
      engine?.getToken(name).catch(() => {});
      await world.clock.settle();
    }
  };

  test('one process finds out, and six others do not ask at all', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 70);
    const engines = await processes(world, fleet, 7, { perSecond: 1_000, burst: 100 });
    fleet.server.faults.always('any', fault.status(503));
    await findOut(world, fleet, engines[0]);
    expect(fleet.server.log.count()).toBe(5);
    await askAll(world, fleet, engines);
    expect(fleet.server.log.count()).toBe(5);
    for (const engine of engines) {
      expect(engine.health().breakers).toContainEqual({ host: fleet.server.url, state: 'open' });
    }
  });

  test('probes go one at a time for all of them, and one that succeeds ends it for all', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 70);
    const engines = await processes(world, fleet, 7, { perSecond: 1_000, burst: 100 });
    fleet.server.faults.always('any', fault.status(503));
    await findOut(world, fleet, engines[0]);
    for (let second = 0; second < 3_600; second += 10) {
      await askAll(world, fleet, engines);
      await world.clock.advance(10 * SECOND);
    }
    // 5, then after 30 s, 60 s, 120 s, 240 s, and every 300 s.
    expect(fleet.server.log.count()).toBeLessThanOrEqual(5 + 4 + 12);
    fleet.server.faults.clear();
    const from = world.clock.trueNow();
    for (let second = 0; second < 400; second += 10) {
      await askAll(world, fleet, engines);
      await world.clock.advance(10 * SECOND);
    }
    const after = fleet.server.log.between(from, world.clock.trueNow());
    expect(new Set(after.map(({ accountId }) => accountId)).size).toBe(70);
    expect(after).toHaveLength(70);
  });
});
