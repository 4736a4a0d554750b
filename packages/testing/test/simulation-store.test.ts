import { describe, expect, test } from '@jest/globals';
import type { RowWrite, TokenStore } from '@tokenkeep/core';
import { SimProcess, Simulation, type StoreFaults } from '@tokenkeep/testing/simulation';

const row = (body: string, expected = 0): RowWrite => ({
  kind: 'account',
  id: 'a',
  expected,
  body,
  due: undefined,
  fence: 0,
});

function scene(seed = 1, embedded = false) {
  const simulation = new Simulation({
    seed,
    ...(embedded ? { store: { embeddedIn: 'one' } } : {}),
  });
  const { store } = simulation;
  const clientOn = (name: string) => {
    const process = new SimProcess(simulation.host(name), `${name}#1`);
    return { process, client: store.clientOf(process) };
  };
  return { simulation, store, one: clientOn('one'), two: clientOn('two') };
}

/** How long a call took, and what came of it. */
async function timed<Value>(simulation: Simulation, call: Promise<Value>) {
  const from = simulation.now;
  const ended = await simulation.playUntil(
    call.then(
      (value) => ({ value }),
      (error) => ({ error }),
    ),
  );
  return { ...ended, ms: simulation.now - from };
}

const bodyIn = ({ store }: Simulation) => store.account('a')?.body;

test('of two writes against one version, one is done and the other one is told', async () => {
  const winners = new Set<string | undefined>();
  for (let seed = 1; seed <= 20; seed += 1) {
    const { simulation, one, two } = scene(seed);
    await simulation.playUntil(one.client.write([row('first')]));
    const results = await simulation.playUntil(
      Promise.all([one.client.write([row('one', 1)]), two.client.write([row('two', 1)])]),
    );
    expect(results.filter(({ written }) => written)).toHaveLength(1);
    expect(results.find(({ written }) => !written)).toMatchObject({ conflict: 'a' });
    expect(bodyIn(simulation)).toBe(results[0].written ? 'one' : 'two');
    expect(simulation.store.account('a')?.version).toBe(2);
    winners.add(bodyIn(simulation));
  }
  expect(winners).toEqual(new Set(['one', 'two']));
});

test('watchers hear of a row that changed, and of none that did not', async () => {
  const { simulation, one } = scene();
  const heard: (string | undefined)[][] = [];
  simulation.watch({
    changed: (_id, before, after) => void heard.push([before?.body, after.body]),
  });
  await simulation.playUntil(one.client.write([row('first')]));
  await simulation.playUntil(one.client.write([row('second', 1)]));
  await simulation.playUntil(one.client.write([row('too late', 1)]));
  expect(heard).toEqual([
    [undefined, 'first'],
    ['first', 'second'],
  ]);
});

describe('a call that goes wrong:', () => {
  /** What stands in the store when the client hears of it, and half a minute later. */
  const troubles = {
    refused: { atFirst: undefined, later: undefined, withinMs: 100 },
    requestLost: { atFirst: undefined, later: undefined, withinMs: 5_000 },
    acknowledgementLost: { atFirst: 'new', later: 'new', withinMs: 5_100 },
    late: { atFirst: undefined, later: 'new', withinMs: 5_000 },
  } satisfies Partial<Record<keyof StoreFaults, unknown>>;

  test.each(Object.entries(troubles))('%s', async (fault, { atFirst, later, withinMs }) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { simulation, store, one } = scene(seed);
      store.faults[fault as keyof StoreFaults] = 1;
      const ended = await timed(simulation, one.client.write([row('new')]));
      expect(ended).toMatchObject({ error: { code: 'STORE_UNAVAILABLE', retryable: true } });
      expect(ended.ms).toBeLessThanOrEqual(withinMs);
      expect(bodyIn(simulation)).toBe(atFirst);
      await simulation.play(30_000);
      expect(bodyIn(simulation)).toBe(later);
      expect(store.lastTroubleOf(one.process)).toBeGreaterThan(0);
    }
  });

  test('slow: seconds, and it is done', async () => {
    const { simulation, store, one, two } = scene();
    store.faults.slow = 1;
    const ended = await timed(simulation, one.client.write([row('new')]));
    expect(ended).toMatchObject({ value: { written: true } });
    expect(ended.ms).toBeGreaterThan(500);
    expect(ended.ms).toBeLessThan(4_100);
    store.faults.slow = 0;
    expect((await timed(simulation, two.client.read('account', 'a'))).ms).toBeLessThan(100);
  });
});

test('a write on its way when its process dies is done in half of the cases; the dead hear nothing', async () => {
  const seen = new Set<string | undefined>();
  for (let seed = 1; seed <= 40; seed += 1) {
    const { simulation, one } = scene(seed);
    let heard = false;
    const note = () => {
      heard = true;
    };
    one.client.write([row('new')]).then(note, note);
    one.process.kill();
    await simulation.play(10_000);
    expect(heard).toBe(false);
    seen.add(bodyIn(simulation));
  }
  expect(seen).toEqual(new Set([undefined, 'new']));
});

test('a store that is down, or a process that is cut off: nothing is done until it is back', async () => {
  const { simulation, store, one, two } = scene();
  store.cutOff(one.process);
  expect(await timed(simulation, one.client.write([row('one')]))).toMatchObject({
    error: { code: 'STORE_UNAVAILABLE' },
  });
  expect(await timed(simulation, two.client.write([row('two')]))).toMatchObject({
    value: { written: true },
  });
  store.cutOff(one.process, false);
  store.isDown = true;
  expect(store.isReachableFor(two.process)).toBe(false);
  expect(await timed(simulation, two.client.read('account', 'a'))).toMatchObject({
    error: { code: 'STORE_UNAVAILABLE' },
  });
  store.isDown = false;
  expect(await timed(simulation, one.client.read('account', 'a'))).toMatchObject({
    value: { row: { body: 'two' } },
  });
});

test('rolled back, it holds what it held when the snapshot was taken, and says what it lost', async () => {
  const { simulation, store, one } = scene();
  const write = (body: string, expected: number) =>
    simulation.playUntil(one.client.write([row(body, expected)]));
  await write('old', 0);
  store.takeSnapshot();
  await write('new', 1);
  expect(store.rollBack()).toEqual(['a']);
  expect(store.account('a')).toMatchObject({ body: 'old', version: 1 });
  // Whoever read version 2 is told that it is no longer there.
  expect(await write('newer', 2)).toMatchObject({ written: false });
  expect(await write('newer', 1)).toMatchObject({ written: true });
});

describe('its clock', () => {
  const now = async ({ simulation }: { simulation: Simulation }, client: TokenStore) =>
    simulation.playUntil(client.now());

  test("of a shared store goes by true time, whatever its clients' clocks do", async () => {
    const at = scene();
    const { simulation, store, one } = at;
    const before = await now(at, one.client);
    simulation.host('one').stepWall(86_400_000);
    await simulation.play(60_000);
    const after = await now(at, one.client);
    expect(after.epoch).toBe(before.epoch);
    expect(after.ms - before.ms).toBeGreaterThanOrEqual(60_000);
    expect(after.ms - before.ms).toBeLessThan(60_100);
    store.stepClock(-3_600_000);
    expect((await now(at, one.client)).ms).toBeLessThan(before.ms);
  });

  test('of an embedded store stops while its machine is off, and begins a new epoch', async () => {
    const at = scene(1, true);
    const { simulation, one, store } = at;
    const host = simulation.host('one');
    await simulation.playUntil(one.client.write([row('kept')]));
    const before = await now(at, one.client);
    host.suspend();
    await simulation.play(60_000);
    host.resume();
    const rested = await now(at, one.client);
    expect(rested.ms - before.ms).toBeGreaterThanOrEqual(60_000);

    host.powerOff();
    await simulation.play(3_600_000);
    host.powerOn();
    const next = store.clientOf(new SimProcess(host, 'one#2'));
    const booted = await now(at, next);
    expect(booted.epoch).toBe(before.epoch + 1);
    expect(booted.ms - rested.ms).toBeLessThan(1_000);
    expect(booted.ms).toBeGreaterThanOrEqual(rested.ms);
    expect((await simulation.playUntil(next.read('account', 'a'))).row?.body).toBe('kept');
  });
});
