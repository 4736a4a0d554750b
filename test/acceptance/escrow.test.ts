import { getEventListeners, getMaxListeners } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fileEscrow } from '@tokenkeep/core';
import { StoreSwitch } from './failing-store.js';
import { fleetWorld } from './fleet.js';
import { Machine, type MortalProcess } from './mortal-process.js';
import { authRefreshWorld, chatAppWorld, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'tokenkeep-')), 'escrow');
});

afterEach(async () => {
  await rm(join(folder, '..'), { recursive: true });
});

const escrowFiles = () => readdir(folder).catch(() => []);

/** An account in its last fifth, and a process whose store fails once the server has rotated. */
async function commitFails(world: World, make: typeof authRefreshWorld = authRefreshWorld) {
  const { server, ...setup } = await make(world);
  const seed = await world.engine(setup);
  await world.run(seed.getToken('crm'));
  await world.run(seed.stop());
  await world.clock.advance(make === authRefreshWorld ? 50 * minute : day);
  const { clock, store } = world;
  const cable = new StoreSwitch(store, () => clock.trueNow());
  const machine = new Machine(world);
  const start = (process: MortalProcess, on = cable) =>
    process.engine({ ...setup, store: on.store, escrow: fileEscrow(folder, process.holder) });
  const cut = server.onProcessed(({ operation }) => {
    if (operation !== 'refresh') return;
    cable.down = true;
    cut[Symbol.dispose]();
  });
  return { server, setup, cable, machine, start };
}

test('F57 F61 in an outage forty pairs wait to be saved, and Node does not warn of a leak', async () => {
  await using world = new World();
  const { clock } = world;
  let crowded = 0;
  const sleep = clock.sleep.bind(clock);
  clock.sleep = (ms, signal) => {
    const slept = sleep(ms, signal);
    if (signal !== undefined && isCrowded(signal)) crowded += 1;
    return slept;
  };
  const { server, names, ...setup } = await fleetWorld(world, 40);
  const cable = new StoreSwitch(world.store, () => clock.trueNow());
  const engine = await world.engine({ ...setup, store: cable.store });
  const tokens = Promise.all(names.map((name) => engine.getToken(name)));
  server.onProcessed(() => {
    cable.down = true;
  });
  await clock.advance(2 * second);
  expect(cable.down).toBe(true);
  cable.down = false;
  await world.run(tokens);
  expect(crowded).toBe(0);
});

/** More listen to it than it was made for: Node says so in the log. */
function isCrowded(signal: AbortSignal): boolean {
  const most = getMaxListeners(signal);
  return getEventListeners(signal, 'abort').length > most;
}

const chatAppWorldOf = chatAppWorld as unknown as typeof authRefreshWorld;

test('F57 a pair the store does not take is escrowed and served, and committed within 1 s of its return', async () => {
  await using world = new World();
  const { server, cable, machine, start, setup } = await commitFails(world);
  const engine = await start(machine.process('first'));
  await world.run(engine.getToken('crm'));
  await world.clock.settle();
  expect(cable.down).toBe(true);
  expect(world.seen('escrow:written')).toHaveLength(1);
  const token = await world.run(engine.getToken('crm'));
  expect(token.generation).toBe(2);
  expect(server.truth.current('crm')?.accessToken).toBe(token.reveal());

  await world.clock.advance(5 * minute);
  expect((await world.run(engine.getToken('crm'))).reveal()).toBe(token.reveal());
  const apart = cable.vainCalls.slice(1).map((at, index) => at - (cable.vainCalls[index] ?? 0));
  expect(cable.vainCalls.length).toBeGreaterThanOrEqual(300);
  expect(Math.max(...apart)).toBeLessThanOrEqual(second);

  cable.down = false;
  await world.clock.advance(second);
  const other = await world.engine(setup);
  expect((await world.run(other.getToken('crm'))).reveal()).toBe(token.reveal());
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(1);
  await world.run(engine.stop());
  expect(await escrowFiles()).toEqual([]);
});

test('F57 I3 a pair that only escrow had gives way to one of the same generation that was committed', async () => {
  await using world = new World();
  const { server, cable, machine, start, setup } = await commitFails(world);
  const cutOff = await start(machine.process('first'));
  await world.run(cutOff.getToken('crm'));
  await world.clock.settle();
  const own = await world.run(cutOff.getToken('crm'));

  await world.clock.advance(15 * minute);
  const other = await machine.process('second').engine({ ...setup, store: world.store });
  const committed = await world.run(other.getToken('crm'));
  expect(committed.generation).toBe(own.generation);
  expect(committed.reveal()).not.toBe(own.reveal());
  expect(server.log.logins()).toHaveLength(2);

  cable.down = false;
  await world.clock.advance(5 * second);
  expect((await world.run(cutOff.getToken('crm'))).reveal()).toBe(committed.reveal());
});

test('F57 the escrow file is for its owner only and holds no secret', async () => {
  await using world = new World();
  const { server, machine, start } = await commitFails(world);
  const engine = await start(machine.process('first'));
  await world.run(engine.getToken('crm'));
  await world.clock.settle();
  const [name = ''] = await escrowFiles();
  const file = await stat(join(folder, name));
  expect(file.mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  const text = (await readFile(join(folder, name))).toString('latin1');
  expect(text).toContain('crm-api/crm');
  const set = server.truth.current('crm');
  for (const secret of [set?.accessToken, set?.refresh?.token]) expect(text).not.toContain(secret);
});

test.each([
  ['resend-once', chatAppWorldOf],
  ['never-resend', authRefreshWorld],
] as const)(
  'F57 %s: what a killed process left in escrow is replayed at the next start',
  async (_, make) => {
    await using world = new World();
    const { server, cable, machine, start } = await commitFails(world, make);
    const first = machine.process('first');
    const dying = await start(first);
    await world.run(dying.getToken('crm'));
    await world.clock.settle();
    first.kill();
    cable.down = false;
    const asked = server.log.length;
    const engine = await start(machine.process('second'));
    expect(world.seen('escrow:written')).toHaveLength(1);
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.current('crm')?.accessToken).toBe(token.reveal());
    expect(token.generation).toBe(2);
    expect(server.log.length).toBe(asked);
    expect(await escrowFiles()).toEqual([]);
    // The pair is the living one: it refreshes.
    await world.clock.advance(day);
    const next = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(next.reveal())).toBe(true);
    expect(server.log.replays()).toEqual([]);
  },
);

test.each([
  ['resend-once', chatAppWorldOf],
  ['never-resend', authRefreshWorld],
] as const)(
  'F57 %s: a process that already runs looks in escrow before it takes a rotation for lost',
  async (_, make) => {
    await using world = new World();
    const { server, cable, machine, start } = await commitFails(world, make);
    const first = machine.process('first');
    const [dying, engine] = [await start(first), await start(machine.process('second'))];
    await world.run(dying.getToken('crm'));
    await world.clock.settle();
    first.kill();
    cable.down = false;
    for (let time = 0; time < 20; time += 1) {
      await world.run(engine.getToken('crm').catch(() => {}));
      await world.clock.advance(minute);
    }
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(server.log.replays()).toEqual([]);
    expect(server.log.logins()).toHaveLength(1);
    expect(await escrowFiles()).toEqual([]);
  },
);

test.each(['CP7', 'CP8'] as const)(
  'F56 F57 a rotated pair is in escrow before the store is asked: killed at %s, nothing is lost',
  async (point) => {
    await using world = new World();
    const { server, cable, machine, start } = await commitFails(world, chatAppWorldOf);
    server.onProcessed(() => {
      cable.down = false;
    });
    const first = machine.process('first');
    const dying = await start(first);
    first.dieAt(point);
    dying.getToken('crm').catch(() => {});
    await world.clock.settle();
    expect(first.dead).toBe(true);
    const asked = server.log.length;
    const engine = await start(machine.process('second'));
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.current('crm')?.accessToken).toBe(token.reveal());
    expect(server.log.length).toBe(asked);
    expect(await escrowFiles()).toEqual([]);
  },
);

test('F57 an entry that came too late is discarded, and its file is removed', async () => {
  await using world = new World();
  const { server, cable, machine, start, setup } = await commitFails(world);
  const first = machine.process('first');
  const dying = await start(first);
  await world.run(dying.getToken('crm'));
  await world.clock.settle();
  first.kill();
  cable.down = false;
  // Another machine, which cannot see the folder, logs in when the token has ended.
  const elsewhere = await new Machine(world).process('elsewhere').engine(setup);
  await world.clock.advance(20 * minute);
  const living = await world.run(elsewhere.getToken('crm'));
  expect(server.log.logins()).toHaveLength(2);
  const engine = await start(machine.process('second'));
  const token = await world.run(engine.getToken('crm'));
  expect(token.reveal()).toBe(living.reveal());
  expect(await escrowFiles()).toEqual([]);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F57 other replicas do not resend while a pair is on its way into the store', async () => {
  await using world = new World();
  const { server, cable, machine, start } = await commitFails(world, chatAppWorldOf);
  const holder = await start(machine.process('first'));
  const elsewhere = new Machine(world).process('elsewhere');
  const reachable = new StoreSwitch(world.store, () => world.clock.trueNow());
  const other = await start(elsewhere, reachable);
  await world.run(holder.getToken('crm'));
  await world.clock.settle();
  // One replica is cut off from the store for 80 s, the other is not.
  for (let time = 0; time < 80; time += 1) {
    other.getToken('crm').catch(() => {});
    await world.clock.advance(second);
  }
  cable.down = false;
  await world.clock.advance(second);
  const [one, two] = [
    await world.run(holder.getToken('crm')),
    await world.run(other.getToken('crm')),
  ];
  expect(one.reveal()).toBe(two.reveal());
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(1);
});

test('F57 with neither store nor escrow nobody is served, until one of them takes the pair', async () => {
  await using world = new World();
  const { server, cable, machine, start } = await commitFails(world, chatAppWorldOf);
  await writeFile(folder, 'a file where the folder should be');
  const engine = await start(machine.process('first'));
  let told = 'nothing';
  const asked = engine.getToken('crm').then(
    () => {
      told = 'token';
    },
    () => {
      told = 'error';
    },
  );
  await world.clock.advance(10 * second);
  expect(told).toBe('nothing');
  await rm(folder);
  await world.clock.advance(2 * second);
  await world.run(asked);
  expect(told).toBe('token');
  expect(world.seen('escrow:written')).toHaveLength(1);
  cable.down = false;
  await world.clock.advance(2 * second);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});
