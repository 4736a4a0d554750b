import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { RestartingProcess } from './restarting-process.js';
import { oauth20World, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DRAIN = 30 * SECOND;

const revokes = { operation: 'revoke', outcome: 'revoked' } as const;

test('OAuth20: a rotation hands out the new token, drains, and only then deletes the old one', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  const old = await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);

  const next = await world.run(engine.rotate('shop'));

  expect(next.reveal()).not.toBe(old.reveal());
  expect(await world.run(engine.getToken('shop'))).toBe(next);
  expect([old, next].map((token) => server.truth.accepts(token.reveal()))).toEqual([true, true]);
  await world.clock.advance(DRAIN - 5 * SECOND);
  expect(server.log.count({ operation: 'revoke' })).toBe(0);
  await world.clock.advance(10 * SECOND);
  expect(server.log.count(revokes)).toBe(1);
  expect([old, next].map((token) => server.truth.accepts(token.reveal()))).toEqual([false, true]);
  expect(world.seen('token:rotated')).toHaveLength(1);
});

test('OAuth20: with rotateEveryMs a token is replaced on schedule, and each old one is deleted once', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world, {
    account: { rotateEveryMs: 4 * HOUR },
  });
  const engine = await world.engine(setup);
  engine.start();
  const first = await world.run(engine.getToken('shop'));
  const seen = [first.reveal()];
  for (let minute = 0; minute < 12.2 * 60; minute += 6) {
    await world.clock.advance(6 * MINUTE);
    const token = await world.run(engine.getToken('shop'));
    // Never a deleted one, at any moment.
    expect(server.truth.accepts(token.reveal())).toBe(true);
    if (!seen.includes(token.reveal())) seen.push(token.reveal());
  }
  expect(seen).toHaveLength(4);
  expect(server.log.count({ method: 'POST' })).toBe(4);
  expect(server.log.count(revokes)).toBe(3);
});

test('OAuth20: an account that is due rotates without any caller, at its own time', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world, {
    account: { rotateEveryMs: 4 * HOUR },
  });
  const engine = await world.engine(setup);
  engine.start();
  await world.clock.advance(4 * HOUR - MINUTE);
  expect(server.log.count({ method: 'POST' })).toBe(1);
  await world.clock.advance(2 * MINUTE);
  expect(server.log.count({ method: 'POST' })).toBe(2);
  expect(server.log.count(revokes)).toBe(1);
});

test('OAuth20: a process that dies between the new token and the DELETE leaves the DELETE to the next', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const service = new RestartingProcess(world, setup);
  const engine = await service.start();
  const old = await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);
  const next = await world.run(engine.rotate('shop'));
  service.kill();

  await world.clock.advance(HOUR);
  expect(server.log.count({ operation: 'revoke' })).toBe(0);
  const successor = await world.engine(setup);
  successor.start();
  await world.clock.advance(MINUTE);

  expect(server.log.count(revokes)).toBe(1);
  expect(server.truth.accepts(old.reveal())).toBe(false);
  expect((await world.run(successor.getToken('shop'))).reveal()).toBe(next.reveal());
});

test('OAuth20: a rotation whose login fails changes nothing and deletes nothing', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  const token = await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);
  server.faults.always('obtain', fault.unprocessed(fault.status(503)));

  await expect(world.run(engine.rotate('shop'))).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
  });
  await world.clock.advance(5 * MINUTE);
  expect(await world.run(engine.getToken('shop'))).toBe(token);
  expect(server.log.count({ operation: 'revoke' })).toBe(0);
});

test('OAuth20: a server that hands out the same token again has nothing to rotate: ROTATION_UNSUPPORTED', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  server.truth.issueFixedAccessToken('the-same-token-every-time');
  const engine = await world.engine(setup);
  engine.start();
  const token = await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);

  await expect(world.run(engine.rotate('shop'))).rejects.toMatchObject({
    code: 'ROTATION_UNSUPPORTED',
  });
  await world.clock.advance(10 * MINUTE);
  expect(server.log.count({ operation: 'revoke' })).toBe(0);
  expect((await world.run(engine.getToken('shop'))).reveal()).toBe(token.reveal());
});

test('OAuth20: of two engines that rotate at once each caller gets a living token, and the old ones go', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engines = [await world.engine(setup), await world.engine(setup)];
  for (const engine of engines) engine.start();
  await world.run(Promise.all(engines.map((engine) => engine.getToken('shop'))));
  await world.clock.advance(10 * MINUTE);

  await world.run(Promise.allSettled(engines.map((engine) => engine.rotate('shop'))));
  await world.clock.advance(2 * MINUTE);

  const tokens = await world.run(Promise.all(engines.map((engine) => engine.getToken('shop'))));
  expect(new Set(tokens.map((token) => token.reveal())).size).toBe(1);
  expect(tokens.every((token) => server.truth.accepts(token.reveal()))).toBe(true);
  const alive = server.truth.tokens
    .of('shop')
    .filter(({ sets }) => sets.some(({ accessToken }) => server.truth.accepts(accessToken)));
  expect(alive).toHaveLength(1);
});
