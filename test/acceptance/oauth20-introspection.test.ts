import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { apiCall } from './api-call.js';
import { chainWorld } from './oauth20-chain-world.js';
import { World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A chain whose end is the upstream account's own token. */
const introspects = { mode: 'introspects' } as const;

test('OAuth20: where GET only describes the bearer, downstream hands out the upstream token', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world, introspects);
  const engine = await world.engine(setup);
  const token = await world.run(engine.getToken('shop'));
  const upstream = await world.run(engine.getToken('identity'));
  expect(token.reveal()).toBe(upstream.reveal());
  expect(shop.log.entries.map(({ operation }) => operation)).toEqual(['inspect']);
  expect(identity.log.count()).toBe(1);
});

test('OAuth20: a shared token has no window of its own: upstream is renewed, downstream follows', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world, introspects);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * HOUR);

  const issued = identity.log.count({ outcome: 'issued' });
  expect(issued).toBeGreaterThanOrEqual(11);
  // One look at the bearer for each upstream token, and none in between.
  expect(shop.log.count({ operation: 'inspect' })).toBe(issued);
  const token = await world.run(engine.getToken('shop'));
  expect(token.reveal()).toBe(identity.truth.current('crm')?.accessToken);
});

test('OAuth20: without background work, too, a shared token is not handed out once upstream has a newer one', async () => {
  await using world = new World();
  const { identity, providers, accounts } = await chainWorld(world, introspects);
  const engine = await world.engine({ providers, accounts });
  await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);
  identity.truth.revokeAccess('crm');
  await world.run(engine.renew('identity'));

  const token = await world.run(engine.getToken('shop'));
  expect(token.reveal()).toBe(identity.truth.current('crm')?.accessToken);
});

test('OAuth20: a shared token ends with the upstream token, however long the look at it says it lives', async () => {
  await using world = new World();
  const { identity, providers, accounts } = await chainWorld(world, {
    ...introspects,
    shopAddsMs: 10 * HOUR,
  });
  const engine = await world.engine({ providers, accounts });
  await world.run(engine.getToken('shop'));
  await world.clock.advance(HOUR + MINUTE);

  const token = await world.run(engine.getToken('shop'));
  expect(identity.log.count({ outcome: 'issued' })).toBe(2);
  expect(token.reveal()).toBe(identity.truth.current('crm')?.accessToken);
});

test('OAuth20: a refusal of a shared token is the refusal of the upstream token', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world, introspects);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);
  identity.truth.revokeAccess('crm');

  const reply = await world.run(engine.withToken('shop', apiCall(world, shop, '/orders')));

  expect(reply.status).toBe(200);
  expect(identity.log.count({ operation: 'refresh' })).toBe(1);
  expect(shop.log.entries.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
    'inspect served',
    'api token_rejected',
    'inspect served',
    'api served',
  ]);
});

test('OAuth20: a refused shared token that is still described as good is replaced upstream all the same', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world, introspects);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);
  shop.faults.next('api', fault.json({ error: 'invalid_token' }, 401));

  const reply = await world.run(engine.withToken('shop', apiCall(world, shop, '/orders')));
  expect(reply.status).toBe(200);
  expect(identity.log.count({ operation: 'refresh' })).toBe(1);

  // Refused again within five minutes: a permission problem, and nothing more is asked for.
  shop.faults.always('api', fault.json({ error: 'invalid_token' }, 401));
  const asked = [identity.log.count(), shop.log.count({ operation: 'inspect' })];
  await expect(
    world.run(engine.withToken('shop', apiCall(world, shop, '/orders'))),
  ).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  expect([identity.log.count(), shop.log.count({ operation: 'inspect' })]).toEqual(asked);
  expect(shop.log.count({ operation: 'api' })).toBe(3);
});

test('OAuth20: with upstream revoked a shared token is handed out no more, here at once', async () => {
  await using world = new World();
  const { identity: _identity, shop, ...setup } = await chainWorld(world, introspects);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('shop'));
  const asked = shop.log.count();

  await world.run(engine.revoke('identity'));

  await expect(world.run(engine.getToken('shop'))).rejects.toMatchObject({
    code: 'ACCOUNT_REVOKED',
  });
  expect(engine.peek('shop')).toBeUndefined();
  expect(shop.log.count()).toBe(asked);
});

test('OAuth20: with upstream revoked a shared token is handed out no more by another engine after 1 s', async () => {
  await using world = new World();
  const { identity: _identity, shop, ...setup } = await chainWorld(world, introspects);
  const [here, there] = [await world.engine(setup), await world.engine(setup)];
  await world.run(here.getToken('shop'));
  await world.run(there.getToken('shop'));
  const asked = shop.log.count();

  await world.run(here.revoke('identity'));
  await world.clock.advance(1_001);

  await expect(world.run(there.getToken('shop'))).rejects.toMatchObject({
    code: 'ACCOUNT_REVOKED',
  });
  expect(shop.log.count()).toBe(asked);
});

test('OAuth20: a shared token cannot be rotated here: ROTATION_UNSUPPORTED, and nothing is deleted', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world, introspects);
  const engine = await world.engine(setup);
  engine.start();
  const token = await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);
  const asked = identity.log.count();

  await expect(world.run(engine.rotate('shop'))).rejects.toMatchObject({
    code: 'ROTATION_UNSUPPORTED',
  });
  await world.clock.advance(10 * MINUTE);

  expect(shop.log.count({ operation: 'revoke' })).toBe(0);
  expect(identity.log.count()).toBe(asked);
  expect(await world.run(engine.getToken('shop'))).toMatchObject({ generation: token.generation });
});

test('OAuth20: a shared token that should rotate by schedule deletes nothing and goes on', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world, {
    ...introspects,
    identityLifeMs: 24 * HOUR,
    shopAccount: { rotateEveryMs: 10 * MINUTE },
  });
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('shop'));
  await world.clock.advance(2 * HOUR);

  expect(shop.log.count({ operation: 'revoke' })).toBe(0);
  expect(shop.log.count()).toBe(1);
  expect(identity.log.count()).toBe(1);
  expect(world.seen('anomaly:detected')).toMatchObject([{ kind: 'rotation_unsupported' }]);
  expect((await world.run(engine.getToken('shop'))).account).toBe('shop-api/shop');
});

test("OAuth20: only the last holder's end ends a shared upstream token", async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world, {
    ...introspects,
    shops: ['eu', 'us'],
  });
  const engine = await world.engine(setup);
  const [eu, us] = [engine.session('eu'), engine.session('us')];
  const token = await world.run(eu.getToken());
  expect((await world.run(us.getToken())).reveal()).toBe(token.reveal());

  await world.run(eu[Symbol.asyncDispose]());
  expect(shop.log.count({ operation: 'revoke' })).toBe(0);
  await world.run(us[Symbol.asyncDispose]());

  expect(shop.log.count({ operation: 'revoke', outcome: 'revoked' })).toBe(1);
  await world.clock.advance(MINUTE);
  const next = await world.run(engine.getToken('identity'));
  expect(next.reveal()).not.toBe(token.reveal());
  expect(identity.log.count({ outcome: 'issued' })).toBe(2);
});

test('OAuth20: sessions that follow each other on a shared upstream token each get a living one', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world, introspects);
  const engine = await world.engine(setup);
  for (let use = 0; use < 5; use += 1) {
    await world.run(
      engine.withSession('shop', async (session) => {
        const token = await session.getToken();
        expect(identity.truth.accepts(token.reveal())).toBe(true);
        const reply = await apiCall(world, shop, '/orders')(token);
        expect(reply.status).toBe(200);
      }),
    );
    await world.clock.advance(MINUTE);
  }
  expect(shop.log.count({ operation: 'revoke', outcome: 'revoked' })).toBe(5);
});
