import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { authRefreshWorld, oauth20World, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const revokes = { operation: 'revoke', outcome: 'revoked' } as const;

test('OAuth20: a logout deletes the token at the server, once, and nothing is handed out after it', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  const token = await world.run(engine.getToken('shop'));
  await world.run(engine.revoke('shop'));

  expect(server.log.count(revokes)).toBe(1);
  expect(server.truth.accepts(token.reveal())).toBe(false);
  expect(engine.peek('shop')).toBeUndefined();
  for (let call = 0; call < 10; call += 1) {
    await expect(world.run(engine.getToken('shop'))).rejects.toMatchObject({
      code: 'ACCOUNT_REVOKED',
    });
    await world.clock.advance(HOUR);
  }
  await world.run(engine.revoke('shop'));
  await expect(world.run(engine.renew('shop'))).rejects.toMatchObject({ code: 'ACCOUNT_REVOKED' });
  expect(server.log.count({ method: 'POST' })).toBe(1);
  expect(server.log.count({ operation: 'revoke' })).toBe(1);
});

test('OAuth20: another engine over the same store hands out nothing within a second of the logout', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const [here, there] = [await world.engine(setup), await world.engine(setup)];
  await world.run(here.getToken('shop'));
  await world.run(there.getToken('shop'));
  await world.run(here.revoke('shop'));
  await world.clock.advance(1_001);

  expect(there.peek('shop')).toBeUndefined();
  expect(there.account('shop').peek()).toBeUndefined();
  await expect(world.run(there.getToken('shop'))).rejects.toMatchObject({
    code: 'ACCOUNT_REVOKED',
  });
  expect(server.log.count({ method: 'POST' })).toBe(1);
});

test('OAuth20: a login brings a revoked account back, in every engine', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const [here, there] = [await world.engine(setup), await world.engine(setup)];
  const old = await world.run(here.getToken('shop'));
  await world.run(here.revoke('shop'));
  await world.clock.advance(MINUTE);

  const token = await world.run(here.login('shop'));
  await world.clock.advance(2 * SECOND);

  expect(token.reveal()).not.toBe(old.reveal());
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect((await world.run(there.getToken('shop'))).reveal()).toBe(token.reveal());
});

test('OAuth20: a DELETE that answers 503 is tried again within bounds until it is done', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('shop'));
  const busy = fault.unprocessed(fault.status(503));
  server.faults.next('revoke', busy, busy, busy);
  await world.run(engine.revoke('shop'));
  expect(world.seen('token:revoked')).toHaveLength(0);

  await world.clock.advance(5 * MINUTE);
  expect(server.log.count({ operation: 'revoke' })).toBe(4);
  expect(server.log.count(revokes)).toBe(1);
  expect(world.seen('token:revoked')).toHaveLength(1);
  await world.clock.advance(24 * HOUR);
  expect(server.log.count({ operation: 'revoke' })).toBe(4);
});

test('OAuth20: a DELETE that never succeeds is given up after eight tries, and that is told', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('shop'));
  server.faults.always('revoke', fault.unprocessed(fault.status(503)));
  await world.run(engine.revoke('shop'));
  await world.clock.advance(25 * HOUR);
  expect(server.log.count({ operation: 'revoke' })).toBeLessThanOrEqual(8);
  expect(world.seen('revocation:abandoned')).toHaveLength(1);
});

test('OAuth20: a DELETE that is owed survives a restart', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const before = await world.engine(setup);
  const token = await world.run(before.getToken('shop'));
  server.faults.next('revoke', fault.unprocessed(fault.status(503)));
  await world.run(before.revoke('shop'));
  await world.run(before.stop());

  const after = await world.engine(setup);
  after.start();
  await world.clock.advance(MINUTE);
  expect(server.log.count(revokes)).toBe(1);
  expect(server.truth.accepts(token.reveal())).toBe(false);
  await expect(world.run(after.getToken('shop'))).rejects.toMatchObject({
    code: 'ACCOUNT_REVOKED',
  });
});

test('OAuth20: 401 invalid_token on DELETE means that it was revoked already', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('shop'));
  server.truth.revokeAccess('shop');
  await world.run(engine.revoke('shop'));
  await world.clock.advance(HOUR);
  expect(server.log.where({ operation: 'revoke' }).map(({ status }) => status)).toEqual([401]);
  expect(world.seen('token:revoked')).toHaveLength(1);
});

test('OAuth20: a 401 on DELETE that says something else does not mean revoked', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('shop'));
  server.faults.next('revoke', fault.json({ error: 'invalid_client' }, 401));
  await world.run(engine.revoke('shop'));
  expect(world.seen('token:revoked')).toHaveLength(0);
  await world.clock.advance(5 * MINUTE);
  expect(server.log.count(revokes)).toBe(1);
  expect(world.seen('token:revoked')).toHaveLength(1);
});

test('OAuth20: a pair that arrives after the logout is revoked too', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  server.faults.next('obtain', fault.delay(5 * SECOND));
  const asked = engine.getToken('shop').catch((error: unknown) => error);
  await world.clock.advance(SECOND);
  await world.run(engine.revoke('shop'));
  expect(await world.run(asked)).toMatchObject({ code: 'ACCOUNT_REVOKED' });
  await world.clock.advance(MINUTE);

  expect(server.log.count(revokes)).toBe(1);
  const late = server.truth.current('shop')?.accessToken ?? '';
  expect(server.truth.accepts(late)).toBe(false);
});

test('OAuth20: a late pair whose DELETE fails at first is revoked all the same', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  server.faults.next('obtain', fault.delay(5 * SECOND));
  server.faults.next('revoke', fault.unprocessed(fault.status(503)));
  const asked = engine.getToken('shop').catch((error: unknown) => error);
  await world.clock.advance(SECOND);
  await world.run(engine.revoke('shop'));
  await world.run(asked);
  await world.clock.advance(5 * MINUTE);
  expect(server.log.count(revokes)).toBe(1);
});

test('an account whose server cannot revoke is forgotten here all the same', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('crm'));
  await world.run(engine.revoke('crm'));
  await world.clock.advance(3 * HOUR);
  await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
    code: 'ACCOUNT_REVOKED',
  });
  expect(server.log.count()).toBe(1);
});
