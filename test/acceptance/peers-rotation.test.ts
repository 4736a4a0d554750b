import { expect, test } from '@jest/globals';
import { memoryStore, type TokenStore } from '@tokenkeep/core';
import { authRefreshWorld, World } from './world.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;

test('P3 a 30-day token is renewed once in its last minutes, not before', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: { rules: { accessLifeMs: 30 * DAY, refreshLifeMs: 90 * DAY } },
    provider: { lifetime: { defaultMs: HOUR, maxMs: 60 * DAY, zeroMeans: 'invalid' } },
  });
  const engine = await world.engine({ ...setup, parameters: { schedulePollMs: HOUR } });
  engine.start();
  await world.run(engine.getToken('crm'));
  await world.clock.advance(29 * DAY);
  expect(server.log.count()).toBe(1);
  await world.clock.advance(DAY);
  expect(server.log.count()).toBe(2);
});

test('P3b one store read that fails is one failure, and the next call is fine', async () => {
  const failing = { reads: 0 };
  await using world = new World((clock) => failingReads(memoryStore(clock), failing));
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);

  failing.reads = 1;
  await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);

  failing.reads = 1;
  await world.clock.advance(2_000);
  expect(await world.run(engine.getToken('crm'))).toBe(token);
  expect(engine.health().state).toBe('degraded');
  await world.clock.advance(2_000);
  expect(await world.run(engine.getToken('crm'))).toBe(token);
  expect(engine.health().state).toBe('ready');
  expect(server.log.count()).toBe(1);
});

test('P4 a reply without a refresh token keeps the old one, a hundred times over', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: {
      rules: { rotation: { kind: 'reusable' }, refreshLifeMs: 365 * DAY },
      omitsReusedRefreshToken: true,
    },
    provider: { refreshToken: 'reusable' },
  });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));

  for (let cycle = 0; cycle < 100; cycle += 1) {
    await world.clock.advance(HOUR);
    await world.run(engine.getToken('crm'));
  }

  expect(server.log.count({ operation: 'refresh', outcome: 'issued' })).toBe(100);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
});

test('P5 after a rotation the new refresh token is used, also by the next process', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const before = await world.engine(setup);
  await world.run(before.getToken('crm'));
  for (let cycle = 0; cycle < 3; cycle += 1) {
    await world.clock.advance(HOUR);
    await world.run(before.getToken('crm'));
  }
  await world.run(before.stop());

  const after = await world.engine(setup);
  await world.clock.advance(HOUR);
  await world.run(after.getToken('crm'));

  expect([...server.log.requestsPerGeneration().values()]).toEqual([1, 1, 1, 1]);
  expect(server.log.replays()).toHaveLength(0);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
});

/** A store whose next reads of an account fail as a broken connection does. */
function failingReads(store: TokenStore, failing: { reads: number }): TokenStore {
  const read: TokenStore['read'] = async (kind, id) => {
    if (failing.reads > 0 && kind === 'account') {
      failing.reads -= 1;
      throw Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });
    }
    return store.read(kind, id);
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'read') return read;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
