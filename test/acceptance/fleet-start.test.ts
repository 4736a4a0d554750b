import { describe, expect, test } from '@jest/globals';
import type { TokenEngine } from '@tokenkeep/core';
import { type Fleet, fleetWorld, histogram, started, withoutToken } from './fleet.js';
import { World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const BIN = 10 * SECOND;
/** A fifth of an hour: what an hour's token has for its renewal, before jitter. */
const ADVISORY = 12 * MINUTE;

async function processes(world: World, { providers, accounts }: Fleet, count: number) {
  const engines: TokenEngine[] = [];
  for (let n = 0; n < count; n += 1) engines.push(await world.engine({ providers, accounts }));
  started(...engines);
  return engines as [TokenEngine, ...TokenEngine[]];
}

async function stopAll(world: World, engines: readonly TokenEngine[]): Promise<void> {
  for (const engine of engines) await world.run(engine.stop());
}

function loadSince(world: World, { server }: Fleet, from: number, binMs = BIN): number[] {
  return histogram(server.log.entries, from, world.clock.trueNow() + 1, binMs);
}

/** Three times what a fleet of this size sends in 10 s when it renews evenly. */
function limitOf({ names }: Fleet, binMs = BIN): number {
  return (3 * names.length * binMs) / ADVISORY;
}

const sum = (series: readonly number[]) => series.reduce((total, each) => total + each, 0);

describe('F16 many accounts of equal life are loaded at once:', () => {
  test.each([
    [1_000, 1],
    [200, 30],
  ])('%d, by %d processes, get their first tokens evenly', async (size, count) => {
    await using world = new World();
    const fleet = await fleetWorld(world, size);
    const from = world.clock.trueNow();
    const [engine] = await processes(world, fleet, count);
    await world.clock.advance(ADVISORY);
    const load = loadSince(world, fleet, from);
    expect(sum(load)).toBe(size);
    expect(Math.max(...load)).toBeLessThanOrEqual(limitOf(fleet));
    expect(await withoutToken(world, fleet, engine)).toEqual([]);
  });

  test('a caller does not wait for the turn of its account', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 200);
    const [engine] = await processes(world, fleet, 1);
    await world.clock.advance(SECOND);
    const from = world.clock.trueNow();
    await world.run(engine.getToken('a0199'));
    expect(world.clock.trueNow() - from).toBeLessThan(SECOND);
    await world.clock.advance(ADVISORY);
    const logins = fleet.server.log.where({ operation: 'obtain', accountId: 'a0199' });
    expect(logins).toHaveLength(1);
  });

  test('they are not in lockstep again three lives later', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 200);
    const start = world.clock.trueNow();
    await processes(world, fleet, 1);
    await world.clock.advance(5 * HOUR);
    const load = histogram(fleet.server.log.entries, start + 2 * HOUR, start + 5 * HOUR, BIN);
    const ripple = withoutTrend(load, 30);
    const lags = Array.from({ length: 6 * 15 }, (_, index) => 6 * 35 + index);
    const correlations = lags.map((lag) => autocorrelation(ripple, lag));
    expect(Math.max(...correlations)).toBeLessThan(0.2);
    expect(Math.max(...load)).toBeLessThanOrEqual(limitOf(fleet));
    expect(togetherAgain(fleet, 3)).toBeLessThan(0.05);
  });
});

describe('F16 a fleet of thirty processes is restarted', () => {
  test('over tokens that live: nothing is asked before its time', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 200);
    const before = await processes(world, fleet, 1);
    await world.clock.advance(25 * MINUTE);
    await stopAll(world, before);
    const from = world.clock.trueNow();
    const [engine] = await processes(world, fleet, 30);
    await world.clock.advance(2 * MINUTE);
    expect(sum(loadSince(world, fleet, from))).toBe(0);
    expect(await withoutToken(world, fleet, engine)).toEqual([]);
    await world.clock.advance(20 * MINUTE);
    expect(sum(loadSince(world, fleet, from))).toBeGreaterThan(20);
    expect(Math.max(...loadSince(world, fleet, from))).toBeLessThanOrEqual(limitOf(fleet));
  });

  test('after a night in which all tokens ended: evenly, and callers at once', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 200);
    const before = await processes(world, fleet, 1);
    await world.clock.advance(ADVISORY);
    await stopAll(world, before);
    await world.clock.advance(8 * HOUR);
    const from = world.clock.trueNow();
    const [engine] = await processes(world, fleet, 30);
    await world.clock.advance(SECOND);
    const asked = world.clock.trueNow();
    await world.run(engine.getToken('a0199'));
    expect(world.clock.trueNow() - asked).toBeLessThan(SECOND);
    await world.clock.advance(ADVISORY);
    const load = loadSince(world, fleet, from);
    expect(sum(load)).toBe(200);
    expect(Math.max(...load)).toBeLessThanOrEqual(limitOf(fleet));
    expect(await withoutToken(world, fleet, engine)).toEqual([]);
  });

  test('after some minutes: what became due meanwhile is renewed evenly, and in time', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 300);
    const before = await processes(world, fleet, 1);
    await world.clock.advance(36 * MINUTE);
    await stopAll(world, before);
    await world.clock.advance(8 * MINUTE);
    const from = world.clock.trueNow();
    await processes(world, fleet, 3);
    const { truth } = fleet.server;
    for (let minute = 0; minute < 30; minute += 1) {
      await world.clock.advance(MINUTE);
      const ended = fleet.names.filter((name) => {
        const set = truth.current(name);
        return set === undefined || !truth.accepts(set.accessToken);
      });
      expect(ended).toEqual([]);
    }
    // Those whose time has come meanwhile are among them: counted in 30 s, as few are noisy.
    const load = loadSince(world, fleet, from, 3 * BIN);
    expect(Math.max(...load)).toBeLessThanOrEqual(limitOf(fleet, 3 * BIN));
  });
});

test('F16 ten accounts, or one after a night, are not made to wait', async () => {
  await using world = new World();
  const fleet = await fleetWorld(world, 10);
  const first = await processes(world, fleet, 3);
  await world.clock.advance(SECOND);
  expect(fleet.server.log.logins()).toHaveLength(10);
  await stopAll(world, first);
  await world.clock.advance(8 * HOUR);
  await processes(world, fleet, 3);
  await world.clock.advance(SECOND);
  expect(fleet.server.log.count({ operation: 'refresh' })).toBe(10);
});

test('F16 a host with a job system of its own gets everything that is due in one pass', async () => {
  await using world = new World();
  const fleet = await fleetWorld(world, 50);
  const { providers, accounts } = fleet;
  const engine = await world.engine({ providers, accounts });
  for (let pass = 0; pass < 10; pass += 1) {
    await world.run(engine.tick());
    await world.clock.advance(5 * MINUTE);
  }
  expect(fleet.server.log.logins()).toHaveLength(50);
  await world.clock.advance(8 * HOUR);
  expect(await world.run(engine.tick())).toEqual({ renewed: 50 });
});

/** The series without what changes slowly: a wave of requests minutes long is no lockstep. */
function withoutTrend(series: readonly number[], width: number): number[] {
  return series.map((each, index) => {
    const around = series.slice(Math.max(0, index - width / 2), index + width / 2 + 1);
    return each - sum(around) / around.length;
  });
}

function autocorrelation(series: readonly number[], lag: number): number {
  const products = series.slice(lag).map((each, index) => each * (series[index] ?? 0));
  return sum(products) / sum(series.map((each) => each * each));
}

/** Of the pairs that asked within 10 s of each other at first: how many did so in a later round. */
function togetherAgain({ server, names }: Fleet, round: number): number {
  const bins = new Map<string, number[]>();
  for (const { accountId = '', at } of server.log) {
    bins.set(accountId, [...(bins.get(accountId) ?? []), Math.floor(at / BIN)]);
  }
  const pairs = names.slice(1).map((name, index) => [bins.get(name), bins.get(names[index] ?? '')]);
  const together = pairs.filter(([a, b]) => a?.[0] === b?.[0]);
  return together.filter(([a, b]) => a?.[round] === b?.[round]).length / together.length;
}
