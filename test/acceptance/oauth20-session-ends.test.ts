import { expect, test } from '@jest/globals';
import { type Clock, memoryStore } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { StoreSwitch } from './failing-store.js';
import { type Loss, LossyStore } from './lossy-store.js';
import { oauth20World, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** As long as a lease of a session. */
const LEASE = MINUTE;

const revokes = { operation: 'revoke', outcome: 'revoked' } as const;
const asked = { operation: 'revoke' } as const;

/** The world's clock, where one process sees it differently. */
function clockWith({ clock }: World, changed: Partial<Clock>): Clock {
  return new Proxy<Clock>(clock, {
    get(target, name) {
      const member: unknown = Reflect.get(changed, name) ?? Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Two engines at work, a session held in one of them. */
async function held(world: World, holder: 'the same' | 'another') {
  const { server, ...setup } = await oauth20World(world);
  const [first, second] = [await world.engine(setup), await world.engine(setup)];
  const session = (holder === 'the same' ? first : second).session('shop');
  const token = await world.run(session.getToken());
  await world.clock.advance(5 * MINUTE);
  first.start();
  return { server, session, token };
}

for (const holder of ['the same', 'another'] as const) {
  test(`OAuth20: a nap of the machine does not end a session that ${holder} process holds`, async () => {
    await using world = new World();
    const { server, session, token } = await held(world, holder);
    await world.clock.suspend(2 * LEASE, { noticedAfterMs: SECOND });
    await world.clock.advance(5 * MINUTE);
    expect(server.log.count(asked)).toBe(0);
    expect((await world.run(session.getToken())).reveal()).toBe(token.reveal());

    await world.run(session[Symbol.asyncDispose]());
    expect(server.log.count(revokes)).toBe(1);
  });

  test(`OAuth20: a store away for longer than a lease does not end a session that ${holder} process holds`, async () => {
    let outage: StoreSwitch | undefined;
    await using world = new World((clock) => {
      outage = new StoreSwitch(memoryStore(clock), () => clock.now());
      return outage.store;
    });
    const { server, session, token } = await held(world, holder);
    const cut = outage as unknown as StoreSwitch;
    cut.down = true;
    // Not a multiple of the heartbeat: the scheduler sees the store return before the holder does.
    await world.clock.advance(2 * LEASE + SECOND);
    cut.down = false;
    await world.clock.advance(5 * MINUTE);
    expect(server.log.count(asked)).toBe(0);
    expect((await world.run(session.getToken())).reveal()).toBe(token.reveal());

    await world.run(session[Symbol.asyncDispose]());
    expect(server.log.count(revokes)).toBe(1);
  });
}

test('OAuth20: a holder that slept renews its lease at once, before a machine that stayed awake ends it', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const awake = await world.engine({
    ...setup,
    clock: clockWith(world, { boot: () => world.clock.monotonic() }),
  });
  const slept = await world.engine(setup);
  const session = slept.session('shop');
  await world.run(session.getToken());
  awake.start();
  // A quarter of the lease is left at the resume, and the next heartbeat would be a third away.
  await world.clock.advance(5 * MINUTE + SECOND);
  await world.clock.suspend((3 / 4) * LEASE);
  await world.clock.advance(5 * MINUTE);
  expect(server.log.count(asked)).toBe(0);

  await world.run(session[Symbol.asyncDispose]());
  expect(server.log.count(revokes)).toBe(1);
});

test('OAuth20: a process does not end a session it holds itself, however late its heartbeat is', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const clock = clockWith(world, {
    sleep: (ms, signal) => world.clock.sleep(ms === LEASE / 3 ? 10 * LEASE : ms, signal),
  });
  const engine = await world.engine({ ...setup, clock });
  engine.start();
  const [session, other] = [engine.session('shop'), engine.session('shop')];
  await world.run(session.getToken());
  await world.run(other.getToken());
  await world.clock.advance(5 * LEASE);
  await world.run(other[Symbol.asyncDispose]());
  expect(server.log.count(asked)).toBe(0);

  await world.run(session[Symbol.asyncDispose]());
  expect(server.log.count(revokes)).toBe(1);
});

test('OAuth20: a holder that ends right after a nap does not end the session under another process', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const [here, there] = [await world.engine(setup), await world.engine(setup)];
  const [ours, theirs] = [here.session('shop'), there.session('shop')];
  await world.run(ours.getToken());
  await world.run(theirs.getToken());
  // Nobody has noticed yet, only the store's clock.
  await world.clock.suspend(2 * LEASE, { noticedAfterMs: 30 * SECOND });
  await world.run(ours[Symbol.asyncDispose]());
  await world.clock.advance(MINUTE);
  expect(server.log.count(asked)).toBe(0);

  await world.run(theirs[Symbol.asyncDispose]());
  expect(server.log.count(revokes)).toBe(1);
});

test('OAuth20: a session whose holders all died is ended after a nap too', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const [dying, living] = [await world.engine(setup), await world.engine(setup)];
  living.start();
  await world.run(dying.session('shop').getToken());
  await world.run(dying.stop());
  await world.clock.suspend(2 * LEASE);
  await world.clock.advance(2 * LEASE);
  expect(server.log.count(revokes)).toBe(1);
});

/** A session about to end over a store that loses the nth write from then. */
async function losing(started: boolean, number: number, loss: Loss) {
  let lossy: LossyStore | undefined;
  const world = new World((clock) => {
    lossy = new LossyStore(memoryStore(clock));
    return lossy.store;
  });
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  if (started) engine.start();
  const session = engine.session('shop');
  const token = await world.run(session.getToken());
  await world.clock.advance(SECOND);
  lossy?.loseWrite(number, loss);
  return { world, server, session, token };
}

for (const loss of ['unwritten', 'unacknowledged'] as const) {
  for (const number of [1, 2, 3]) {
    test(`OAuth20: a session is ended although write ${number} of its end stays ${loss}, once its end is tried again`, async () => {
      const { world, server, session, token } = await losing(false, number, loss);
      await using _world = world;
      const end = () => session[Symbol.asyncDispose]();
      const failed = await world.run(
        end().then(
          () => undefined,
          (error: unknown) => error,
        ),
      );
      if (failed !== undefined) expect(failed).toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(world.run(session.getToken())).rejects.toThrow(TypeError);

      await world.run(end());
      expect(server.truth.accepts(token.reveal())).toBe(false);
      const before = server.log.count();
      await world.run(end());
      expect(server.log.count()).toBe(before);
    });

    test(`OAuth20: a started engine ends the session although write ${number} of its end stays ${loss}`, async () => {
      const { world, server, session, token } = await losing(true, number, loss);
      await using _world = world;
      await world.run(session[Symbol.asyncDispose]().then(undefined, () => {}));
      await world.clock.advance(3 * LEASE);
      expect(server.truth.accepts(token.reveal())).toBe(false);
    });
  }
}

test('OAuth20: of holders that end at the same moment one deletes the token', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const sessions = [engine.session('shop'), engine.session('shop'), engine.session('shop')];
  await world.run(Promise.all(sessions.map((session) => session.getToken())));
  const end = (session: (typeof sessions)[number]) => session[Symbol.asyncDispose]();
  await world.run(Promise.all([...sessions, ...sessions].map(end)));
  expect(server.log.count(asked)).toBe(1);
  expect(world.seen('token:revoked')).toHaveLength(1);
});

test('OAuth20: a token is not handed out any more while its DELETE is under way', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const session = engine.session('shop');
  const token = await world.run(session.getToken());
  for (const end of [() => session[Symbol.asyncDispose](), () => engine.revoke('shop')]) {
    await world.run(engine.getToken('shop'));
    server.faults.next('revoke', fault.delay(5 * SECOND));
    const ending = end();
    await world.clock.advance(SECOND / 2);
    expect(engine.peek('shop')).toBeUndefined();
    await world.run(ending);
  }
  expect(server.truth.accepts(token.reveal())).toBe(false);
});

test('OAuth20: a slow DELETE at the end of a session is no rollback for who logs in meanwhile', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const session = engine.session('shop');
  await world.run(session.getToken());
  await world.clock.advance(30 * SECOND);
  server.faults.next('revoke', fault.delay(3 * SECOND));
  const ending = session[Symbol.asyncDispose]().then(
    () => 'ended',
    (error: unknown) => error,
  );
  await world.clock.advance(1_500);
  const next = await world.run(engine.getToken('shop'));
  expect(await world.run(ending)).toBe('ended');
  expect((await world.run(engine.getToken('shop'))).reveal()).toBe(next.reveal());
  expect(server.truth.accepts(next.reveal())).toBe(true);
});

test('OAuth20: a slow DELETE of a revocation is no rollback for who logs in meanwhile', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('shop'));
  server.faults.next('revoke', fault.delay(3 * SECOND));
  const revoking = engine.revoke('shop').then(
    () => 'revoked',
    (error: unknown) => error,
  );
  await world.clock.advance(1_500);
  const next = await world.run(engine.login('shop'));
  expect(await world.run(revoking)).toBe('revoked');
  expect(server.truth.accepts(next.reveal())).toBe(true);
});

test('OAuth20: a slow DELETE of an abandoned session is no rollback for who logs in meanwhile', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const [dying, living] = [await world.engine(setup), await world.engine(setup)];
  await world.run(dying.session('shop').getToken());
  await world.run(dying.stop());
  await world.clock.advance(2 * LEASE);
  server.faults.next('revoke', fault.delay(3 * SECOND));
  const passing = living.tick().then(
    () => 'passed',
    (error: unknown) => error,
  );
  await world.clock.advance(1_500);
  const next = await world.run(living.getToken('shop'));
  expect(await world.run(passing)).toBe('passed');
  expect(server.log.count(revokes)).toBe(1);
  expect(server.truth.accepts(next.reveal())).toBe(true);
});
