import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { oauth20World, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const revokes = { operation: 'revoke', outcome: 'revoked' } as const;

test('OAuth20: the end of `await using session` deletes the token and leaves the account idle', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  const used = await world.run(
    (async () => {
      await using session = engine.session('shop');
      return session.getToken();
    })(),
  );

  expect(server.log.count(revokes)).toBe(1);
  expect(server.truth.accepts(used.reveal())).toBe(false);
  expect(engine.peek('shop')).toBeUndefined();
  expect((await world.run(engine.status('shop'))).state).toBe('idle');
  const asked = server.log.count();
  await world.clock.advance(25 * HOUR);
  expect(server.log.count()).toBe(asked);

  // Not a tombstone: whoever asks gets a token of a new session.
  const next = await world.run(engine.getToken('shop'));
  expect(server.truth.accepts(next.reveal())).toBe(true);
});

test('OAuth20: of several holders only the last one ends the session', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const [first, second] = [engine.session('shop'), engine.session('shop')];
  const token = await world.run(first.getToken());
  expect(await world.run(second.getToken())).toBe(token);

  await world.run(first[Symbol.asyncDispose]());
  expect(server.log.count({ operation: 'revoke' })).toBe(0);
  expect(await world.run(second.getToken())).toBe(token);
  await world.run(second[Symbol.asyncDispose]());
  expect(server.log.count(revokes)).toBe(1);
});

test('OAuth20: of holders in two engines over one store only the last one ends the session', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const [here, there] = [await world.engine(setup), await world.engine(setup)];
  const [ours, theirs] = [here.session('shop'), there.session('shop')];
  const token = await world.run(ours.getToken());
  expect((await world.run(theirs.getToken())).reveal()).toBe(token.reveal());
  // Longer than a lease: it is kept up.
  await world.clock.advance(5 * MINUTE);

  await world.run(ours[Symbol.asyncDispose]());
  expect(server.log.count({ operation: 'revoke' })).toBe(0);
  await world.run(theirs[Symbol.asyncDispose]());
  expect(server.log.count(revokes)).toBe(1);

  await world.clock.advance(1_001);
  expect(here.peek('shop')).toBeUndefined();
  const next = await world.run(here.getToken('shop'));
  expect(next.reveal()).not.toBe(token.reveal());
});

test('OAuth20: a holder that died does not keep the session alive for ever', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const [dying, living] = [await world.engine(setup), await world.engine(setup)];
  await world.run(dying.session('shop').getToken());
  await world.run(dying.stop());
  await world.clock.advance(2 * MINUTE);

  await world.run(living.withSession('shop', (session) => session.getToken()));
  expect(server.log.count(revokes)).toBe(1);
});

test('OAuth20: the token of a session whose holders all died is deleted when the last lease ends', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const [dying, living] = [await world.engine(setup), await world.engine(setup)];
  await world.run(dying.session('shop').getToken());
  const last = living.session('shop');
  await world.run(last.getToken());
  await world.run(dying.stop());
  // The last one alive ends, while the lease of the dead one still stands.
  await world.run(last[Symbol.asyncDispose]());
  expect(server.log.count(revokes)).toBe(0);
  const { next } = await world.run(living.status('shop'));
  expect(next?.action).toBe('end_session');

  living.start();
  await world.clock.advance(2 * MINUTE);
  expect(server.log.count(revokes)).toBe(1);
  expect((await world.run(living.status('shop'))).state).toBe('idle');
});

test('OAuth20: a token that the session never asked for is not deleted with it', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const token = await world.run(engine.getToken('shop'));
  await world.run(engine.withSession('shop', async () => {}));
  expect(server.log.count({ operation: 'revoke' })).toBe(0);
  expect(await world.run(engine.getToken('shop'))).toBe(token);
});

test('OAuth20: withSession ends the session when its work fails, and the failure is passed on', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const failure = new Error('the work failed');
  const work = engine.withSession('shop', async (session) => {
    await session.getToken();
    throw failure;
  });
  await expect(world.run(work)).rejects.toBe(failure);
  expect(server.log.count(revokes)).toBe(1);
});

test('OAuth20: a session that has ended hands out nothing more', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const session = engine.session('shop');
  await world.run(session.getToken());
  await world.run(session[Symbol.asyncDispose]());
  const asked = server.log.count();

  await expect(world.run(session.getToken())).rejects.toThrow(TypeError);
  await world.run(session[Symbol.asyncDispose]());
  expect(server.log.count()).toBe(asked);
});

test('OAuth20: a session whose user left during the login ends that login as well', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  server.faults.next('obtain', fault.delay(5 * SECOND));
  const session = engine.session('shop');
  await expect(world.run(session.getToken({ waitMs: SECOND }))).rejects.toMatchObject({
    code: 'WAIT_TIMED_OUT',
  });
  await world.run(session[Symbol.asyncDispose]());
  await world.clock.advance(MINUTE);

  expect(server.log.count(revokes)).toBe(1);
  expect((await world.run(engine.status('shop'))).state).toBe('idle');
  const issued = server.truth.current('shop')?.accessToken ?? '';
  expect(server.truth.accepts(issued)).toBe(false);
});

test('OAuth20: a session that nobody ends leaves no timer behind when its engine stops', async () => {
  await using world = new World();
  const { server: _server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const session = engine.session('shop');
  await world.run(session.getToken());
  await world.run(engine.stop());
  await world.clock.advance(2 * MINUTE);
  expect(world.clock.pendingSleeps()).toEqual([]);
  await world.run(session[Symbol.asyncDispose]());
});

test('OAuth20: a DELETE that answers 503 at the end of a session does not fail its user', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  server.faults.next('revoke', fault.unprocessed(fault.status(503)));
  const token = await world.run(engine.withSession('shop', (session) => session.getToken()));
  await world.clock.advance(MINUTE);
  expect(server.log.count(revokes)).toBe(1);
  expect(server.truth.accepts(token.reveal())).toBe(false);
});
