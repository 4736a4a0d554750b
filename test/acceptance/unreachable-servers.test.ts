import { expect, test } from '@jest/globals';
import { ExchangeError, type HttpExchange, nodeHttpExchange } from '@tokenkeep/core';
import { freePort } from '@tokenkeep/servers';
import { trackedExchange } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, chatAppLogin, chatAppWorld, person, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

test('F36 I14 a server that is down costs nothing: no doubt, no budget, no login; it heals with one request', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world, {
    authority: {
      clock: world.clock,
      port: await freePort(),
      accounts: [{ accountId: 'crm', ...chatAppLogin }],
    },
  });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  await server.stop();
  const error = await failureOf(world.run(engine.getToken('crm')));
  expect(error.code).toBe('PROVIDER_UNAVAILABLE');
  expect(error.retryAt).toBeGreaterThanOrEqual(world.clock.now());
  for (let passed = 0; passed < 240; passed += 1) {
    engine.getToken('crm').catch(() => {});
    await world.clock.advance(minute);
  }
  expect(world.seen('renewal:in_doubt')).toEqual([]);
  expect(await engine.status('crm')).toMatchObject({ state: 'live', loginBudget: { left: 90 } });

  await server.start();
  for (let passed = 0; passed < 400; passed += 1) {
    engine.getToken('crm').catch(() => {});
    await world.clock.advance(second);
  }
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(1);
});

test('F36 a connection that dies before the first byte leaves no doubt, though the intent was written', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const wire = trackedExchange(world.clock, nodeHttpExchange(world.clock));
  let dies = false;
  const exchange: HttpExchange = {
    async send(request, hooks) {
      if (!dies) return wire.send(request, hooks);
      dies = false;
      await hooks.onConnected();
      throw new ExchangeError('reset', 'no');
    },
  };
  const engine = await world.engine({ ...setup, exchange });
  await world.run(engine.getToken('crm'));
  await world.clock.advance(50 * minute);
  dies = true;
  for (let passed = 0; passed < 30; passed += 1) {
    await world.run(engine.getToken('crm'));
    await world.clock.advance(second);
  }
  expect(dies).toBe(false);
  expect(world.seen('renewal:in_doubt')).toEqual([]);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(1);
});

test('F36 an engine starts while its server is down, and logs in when it is up', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: {
      clock: world.clock,
      port: await freePort(),
      accounts: [{ accountId: 'crm', ...person }],
    },
  });
  await server.stop();
  const engine = await world.engine(setup);
  engine.start();
  await world.clock.advance(10 * minute);
  const error = await failureOf(world.run(engine.getToken('crm')));
  expect(error.code).toMatch(/^(PROVIDER_UNAVAILABLE|GUARD_REFUSED)$/);
  expect(error.retryAt).toBeGreaterThanOrEqual(world.clock.now());
  await server.start();
  await world.clock.advance(400 * second);
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count()).toBe(1);
});

test('F39 a server that closes idle connections after 15 ms loses none of 200 renewals', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: {
      clock: world.clock,
      keepAliveMs: 15,
      accounts: [{ accountId: 'crm', ...person }],
      rules: { accessLifeMs: minute },
    },
  });
  const engine = await world.engine(setup);
  engine.start();
  await world.clock.advance(200 * minute);
  const refreshes = server.log.where({ operation: 'refresh' });
  expect(refreshes.length).toBeGreaterThanOrEqual(200);
  expect(refreshes.every(({ outcome }) => outcome === 'issued')).toBe(true);
  expect(server.log.logins()).toHaveLength(1);
  expect(world.seen('renewal:failed')).toEqual([]);
  expect(server.connections).toBe(server.log.count());
  expect(new Set(server.log.entries.map(({ connection }) => connection)).size).toBe(
    server.log.count(),
  );
});
