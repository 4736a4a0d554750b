import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { StoreSwitch } from './failing-store.js';
import { authRefreshWorld, chatAppLogin, chatAppWorld, oauth20World, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('status of an account nobody has asked for is new, and of a live one says when it is renewed', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  expect(await world.run(engine.status('crm'))).toMatchObject({ state: 'new', generation: 0 });

  const token = await world.run(engine.getToken('crm'));
  const status = await world.run(engine.status('crm'));
  expect(status).toMatchObject({
    id: 'crm-api/crm',
    name: 'crm',
    provider: 'crm-api',
    state: 'live',
    generation: 1,
    failures: 0,
    accessEndsAt: token.expiresAt,
    refreshEndsAt: world.clock.now() + 30 * DAY,
    next: { action: 'renew', at: expect.any(Number) },
  });
  expect(status).not.toHaveProperty('blocked');

  // What it announces is what happens.
  engine.start();
  const announced = (status.next?.at ?? 0) - world.clock.now();
  await world.clock.advance(announced - SECOND);
  expect(server.log.count({ operation: 'refresh' })).toBe(0);
  await world.clock.advance(2 * SECOND);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('status of an account that is not tried now says why, and until when, and then it is tried', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  server.faults.next('obtain', fault.retryAfter(429, 120));
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm', { waitMs: SECOND })).catch(() => {});

  const status = await world.run(engine.status('crm'));
  expect(status).toMatchObject({ state: 'live', generation: 0, failures: 1 });
  expect(status.blocked).toMatchObject({ reason: 'retry_after' });
  const until = status.blocked?.until ?? 0;
  expect(until - world.clock.now()).toBeGreaterThan(100 * SECOND);
  expect(status.next?.at).toBe(until);

  await expect(world.run(engine.getToken('crm', { waitMs: SECOND }))).rejects.toMatchObject({
    code: 'GUARD_REFUSED',
    reason: 'retry_after',
    retryAt: until,
  });
  await world.clock.advance(until - world.clock.now());
  await world.run(engine.getToken('crm'));
  expect(server.log.count()).toBe(2);
});

test('status keeps its wall times right when the wall clock is stepped', async () => {
  await using world = new World();
  const { server: _server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  const before = await world.run(engine.status('crm'));
  world.clock.stepWall(5 * HOUR);
  const after = await world.run(engine.status('crm'));
  expect((after.accessEndsAt ?? 0) - (before.accessEndsAt ?? 0)).toBe(5 * HOUR);
});

test('status of a lost rotation is in doubt, says when it is settled, and health is degraded until then', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  expect(engine.health()).toMatchObject({ state: 'ready', accounts: { known: 1, withToken: 1 } });
  await world.clock.advance(10 * MINUTE);
  server.faults.next('refresh', fault.dropAfterProcessing());
  await world.run(engine.renew('crm')).catch(() => {});

  expect(await world.run(engine.status('crm'))).toMatchObject({
    state: 'in_doubt',
    next: { action: 'settle_doubt' },
  });
  expect(engine.health()).toMatchObject({ state: 'degraded', accounts: { inDoubt: 1 } });
  engine.start();
  await world.clock.advance(HOUR);
  expect((await world.run(engine.status('crm'))).state).toBe('live');
  expect(engine.health().state).toBe('ready');
});

test('status counts the login budget down, and says whom a person must help', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  expect(await world.run(engine.status('crm'))).toMatchObject({
    loginBudget: { left: 89, limit: 90 },
  });
  server.truth.accounts.set('crm', { accountId: 'crm', ...chatAppLogin, password: 'changed' });
  server.truth.revokeFamily('crm');
  engine.reject('crm', 1);
  await world.clock.advance(MINUTE);
  expect(await world.run(engine.status('crm'))).toMatchObject({
    state: 'reauthorization_required',
    reason: 'credentials_rejected',
    loginBudget: { left: 88, limit: 90 },
  });
  expect(engine.health()).toMatchObject({ state: 'blocked', accounts: { needPerson: 1 } });
});

test('status of a revoked account with an owed DELETE names that as the next action', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('shop'));
  server.faults.next('revoke', fault.unprocessed(fault.status(503)));
  await world.run(engine.revoke('shop'));
  expect(await world.run(engine.status('shop'))).toMatchObject({
    state: 'revoked',
    reason: 'revoked',
    next: { action: 'revoke', at: expect.any(Number) },
  });
});

test('status of a renewal that nobody makes says for how long it is overdue', async () => {
  await using world = new World();
  const { providers, accounts } = await authRefreshWorld(world);
  const engine = await world.engine({ providers, accounts });
  await world.run(engine.getToken('crm'));
  await world.clock.advance(3 * HOUR);
  const { next } = await world.run(engine.status('crm'));
  expect(next?.action).toBe('renew');
  expect(next?.at ?? 0).toBeLessThan(world.clock.now() - 2 * HOUR);
});

test('health counts the tokens that live, also where nobody has asked for a while', async () => {
  await using world = new World();
  const { providers, accounts } = await authRefreshWorld(world);
  const engine = await world.engine({ providers, accounts });
  expect(engine.health().accounts).toMatchObject({ known: 1, withToken: 0 });
  await world.run(engine.getToken('crm'));
  await world.clock.advance(10 * MINUTE);
  expect(engine.health().accounts.withToken).toBe(1);
  await world.clock.advance(2 * HOUR);
  expect(engine.health().accounts.withToken).toBe(0);
});

test('tick() alone keeps an account alive from its first token on, and counts what it renewed', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  expect(await world.run(engine.tick())).toEqual({ renewed: 1 });
  expect(await world.run(engine.tick())).toEqual({ renewed: 0 });
  await world.clock.advance(50 * MINUTE);
  expect(await world.run(engine.tick())).toEqual({ renewed: 1 });
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('health is degraded while the store or a host fails, and dead after stop', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const cable = new StoreSwitch(world.store, () => world.clock.now());
  const engine = await world.engine({ ...setup, store: cable.store });
  await world.run(engine.getToken('crm'));
  cable.down = true;
  await world.clock.advance(2 * SECOND);
  await world.run(engine.getToken('crm'));
  expect(engine.health()).toMatchObject({ state: 'degraded', store: { reachable: false } });
  cable.down = false;
  await world.clock.advance(2 * SECOND);
  await world.run(engine.getToken('crm'));
  expect(engine.health().state).toBe('ready');

  engine.start();
  server.faults.always('any', fault.unprocessed(fault.status(503)));
  await world.clock.advance(HOUR + 5 * MINUTE);
  const { breakers, ...health } = engine.health();
  expect(health).toMatchObject({ state: 'degraded', accounts: { known: 1, withToken: 0 } });
  const [host] = breakers.filter((each) => each.host === server.url);
  expect(host?.state).toMatch(/open/);
  server.faults.clear();
  await world.clock.advance(10 * MINUTE);
  expect(engine.health().state).toBe('ready');
  await world.run(engine.stop());
  expect(engine.health().state).toBe('dead');
});
