import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { apiCall } from './api-call.js';
import { authRefreshWorld, World } from './world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

// Jest fails a test during which a promise is rejected and nobody handles it.
test('P1 a background renewal that fails with nobody waiting ends in an event, not in the process', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  server.faults.always('refresh', fault.unprocessed(fault.status(503)));
  server.faults.always('obtain', fault.unprocessed(fault.status(503)));

  engine.start();
  await world.clock.advance(2 * HOUR);

  expect(server.log.count({ operation: 'refresh' })).toBeGreaterThan(1);
  expect(world.seen('renewal:failed').length).toBeGreaterThan(0);

  server.faults.clear();
  await world.clock.advance(10 * MINUTE);
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
});

test("P1b one caller's abort ends its own waiting and nobody else's renewal", async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  server.faults.next('obtain', fault.delay(2_000));
  const leaver = new AbortController();

  const left = engine.getToken('crm', { signal: leaver.signal });
  const stays = engine.getToken('crm');
  await world.clock.advance(500);
  leaver.abort();

  await expect(left).rejects.toMatchObject({ code: 'ABORTED' });
  const token = await world.run(stays);
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
});

test('P2 a two-minute token is fetched once, not on every call', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: { rules: { accessLifeMs: 2 * MINUTE } },
  });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));

  for (let second = 0; second < 60; second += 1) {
    await world.run(engine.getToken('crm'));
    await world.clock.advance(1_000);
  }

  expect(server.log.count()).toBe(1);
});

test('P2b a source that fails inside the window leaves the valid token to be served', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const first = await world.run(engine.getToken('crm'));
  server.faults.always('any', fault.unprocessed(fault.status(503)));

  await world.clock.advance(HOUR - 30_000);
  for (let call = 0; call < 20; call += 1) {
    const token = await world.run(engine.getToken('crm'));
    expect(token.generation).toBe(first.generation);
    await world.clock.advance(1_000);
  }

  expect(server.log.count({ operation: 'refresh' })).toBeGreaterThan(0);
});

test('P8b a renewal behind the callers is not awaited by them', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const first = await world.run(engine.getToken('crm'));
  server.faults.next('refresh', fault.delay(5_000));
  await world.clock.advance(HOUR - 3 * MINUTE);

  // Virtual time stands still: a token can only come from memory.
  const meanwhile = await engine.getToken('crm');
  expect(meanwhile.generation).toBe(first.generation);

  await world.clock.advance(6_000);
  const renewed = await engine.getToken('crm');
  expect(renewed.generation).toBe(first.generation + 1);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('P8c a network that fails does not take away a token with an hour left', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: { rules: { accessLifeMs: 2 * HOUR } },
  });
  const engine = await world.engine(setup);
  const token = await world.run(engine.getToken('crm'));
  server.faults.always('any', fault.dropBeforeProcessing());

  await world.clock.advance(HOUR);
  await expect(world.run(engine.renew('crm'))).rejects.toMatchObject({
    code: 'PROVIDER_OUTCOME_UNKNOWN',
  });

  expect(await world.run(engine.getToken('crm'))).toBe(token);
});

test('P9 a source that answers 403 to everything is asked a handful of times for a hundred calls', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  server.faults.always('obtain', fault.status(403));

  for (let call = 0; call < 100; call += 1) {
    await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
      code: expect.stringMatching(/^(PROVIDER_UNAVAILABLE|GUARD_REFUSED|CREDENTIALS_REJECTED)$/),
    });
    await world.clock.advance(10_000);
  }

  expect(server.log.count({ operation: 'obtain' })).toBeLessThanOrEqual(3);
});

test('P7 of three calls that are refused at once none is lost, and one refresh serves them all', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(10 * MINUTE);
  server.truth.revokeAccess('crm');
  const call = apiCall(world, server);

  const replies = await world.run(Promise.all([1, 2, 3].map(() => engine.withToken('crm', call))));

  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
});

test('P7b a late 401 about a replaced token burns no second rotation', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const old = await world.run(engine.getToken('crm'));
  await world.clock.advance(10 * MINUTE);
  server.truth.revokeAccess('crm');
  const call = apiCall(world, server);
  // The second call gets its 401 after the first one has been renewed and answered.
  server.faults.next('api', fault.normal(), fault.delay(8_000));

  const early = engine.withToken('crm', call);
  const late = engine.withToken('crm', call);
  const replies = await world.run(Promise.all([early, late]));
  engine.reject('crm', old.generation);
  await world.clock.advance(MINUTE);

  expect(replies.map(({ status }) => status)).toEqual([200, 200]);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});
