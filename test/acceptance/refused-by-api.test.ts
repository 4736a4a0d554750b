import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { apiCall } from './api-call.js';
import { expectFiveMinutesApart, waysOfRenewal } from './refused-tokens.js';
import { authRefreshWorld, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

test.each(waysOfRenewal)(
  'F49 %s: a token revoked early costs one refresh, shared by all who report it',
  async (_, make) => {
    await using world = new World();
    const { server, ...setup } = await make(world);
    const engine = await world.engine(setup);
    const old = await world.run(engine.getToken('crm'));
    await world.clock.advance(10 * minute);
    server.truth.revokeAccess('crm');
    const calls = Array.from({ length: 50 }, () => engine.withToken('crm', apiCall(world, server)));
    for (const reply of await world.run(Promise.all(calls))) expect(reply.status).toBe(200);
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
    expect(server.log.logins()).toHaveLength(1);
    // What still comes in about the old token is late.
    for (let time = 0; time < 100; time += 1) engine.reject('crm', old.generation);
    await world.clock.advance(10 * minute);
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
  },
);

test.each(waysOfRenewal)(
  'F49 %s: what is really a permission error costs a renewal per 5 min, whatever is reported',
  async (_, make) => {
    await using world = new World();
    const { server, ...setup } = await make(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    server.truth.rejectAllAccessTokens();
    const before = server.log.count();
    for (let passed = 0; passed < 2 * hour; passed += 36 * second) {
      const token = engine.peek('crm') ?? (await world.run(engine.getToken('crm')));
      for (let time = 0; time < 50; time += 1) engine.reject('crm', token.generation);
      await world.clock.advance(36 * second);
    }
    const asked = server.log.entries.slice(before);
    expect(asked.length).toBeGreaterThanOrEqual(1);
    expectFiveMinutesApart(asked);
    expect(asked.length).toBeLessThanOrEqual(24);
    expect(server.log.logins()).toHaveLength(1);
  },
);

test('F49 a permission error is told as such: the reply to the second call is the answer', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  server.truth.rejectAllAccessTokens();
  const reply = await world.run(engine.withToken('crm', apiCall(world, server)));
  expect(reply.status).toBe(401);
  expect(server.log.count({ operation: 'api' })).toBe(2);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F49 a 403 is no refusal of the token, unless the provider says so', async () => {
  for (const [statuses, refreshes] of [
    [undefined, 0],
    [[401, 403], 1],
  ] as const) {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world, {
      provider: statuses === undefined ? {} : { rejectionStatuses: statuses },
    });
    server.deadTokenStatus = 403;
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    server.truth.rejectAllAccessTokens();
    const reply = await world.run(engine.withToken('crm', apiCall(world, server)));
    expect(reply.status).toBe(403);
    expect(server.log.count({ operation: 'refresh' })).toBe(refreshes);
    expect(server.log.count({ operation: 'api' })).toBe(1 + refreshes);
  }
});

test('F49 while the refusal is looked into, other callers keep the token that has not ended', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const old = await world.run(engine.getToken('crm'));
  server.truth.revokeAccess('crm');
  server.faults.next('refresh', fault.delay(20 * second));
  const call = engine.withToken('crm', apiCall(world, server)).catch(() => undefined);
  for (let passed = 0; passed < 20; passed += 1) {
    await world.clock.advance(0);
    const before = world.clock.trueNow();
    expect((await world.run(engine.getToken('crm'))).reveal()).toBe(old.reveal());
    expect(world.clock.trueNow()).toBe(before);
    await world.clock.advance(second);
  }
  await world.run(call);
  await world.clock.advance(second);
  expect((await world.run(engine.getToken('crm'))).reveal()).not.toBe(old.reveal());
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});
