import { expect, test } from '@jest/globals';
import { accountToken } from '@tokenkeep/core';
import { chainWorld } from './oauth20-chain-world.js';
import { oauth20World, World } from './world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test('OAuth20: GET with a token in the reply hands out that token', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world, { authority: { mode: 'issues-token' } });
  const engine = await world.engine(setup);
  const token = await world.run(engine.getToken('shop'));
  expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'obtain']);
  expect(server.log.last).toMatchObject({ path: '/oauth20/access-token', outcome: 'issued' });
  expect(server.truth.current('shop')?.accessToken).toBe(token.reveal());
});

test('OAuth20: GET without a token in the reply hands out the bearer, with the life just learnt', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world, {
    authority: { rules: { accessLifeMs: 2 * HOUR } },
  });
  const engine = await world.engine(setup);
  const token = await world.run(engine.getToken('shop'));
  expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'inspect']);
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(token.expiresAt).toBe(world.clock.now() + 2 * HOUR - 1_000);
});

test("OAuth20: a chain logs in with another account's live token, which is renewed by itself", async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world);
  const engine = await world.engine(setup);

  const token = await world.run(engine.getToken('shop'));
  expect(shop.truth.current('shop')?.accessToken).toBe(token.reveal());
  expect(identity.log.count({ operation: 'obtain' })).toBe(1);

  // The bearer has ended by the time a new shop token is needed.
  await world.clock.advance(24 * HOUR);
  const next = await world.run(engine.getToken('shop'));
  expect(next.generation).toBe(token.generation + 1);
  expect(identity.log.count({ operation: 'refresh' })).toBe(1);
  expect(shop.log.count({ outcome: 'token_rejected' })).toBe(0);
});

test('OAuth20: a bearer refused downstream renews the upstream once and is tried again once', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('identity'));
  await world.clock.advance(10 * MINUTE);
  identity.truth.revokeAccess('crm');

  const token = await world.run(engine.getToken('shop'));

  expect(shop.truth.current('shop')?.accessToken).toBe(token.reveal());
  expect(shop.log.entries.map(({ outcome }) => outcome)).toEqual(['token_rejected', 'issued']);
  expect(identity.log.count({ operation: 'refresh' })).toBe(1);
  expect(world.seen('account:credentials_rejected')).toHaveLength(0);
});

test('OAuth20: a bearer refused again is neither tried a third time nor taken for bad credentials', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('identity'));
  await world.clock.advance(10 * MINUTE);
  // Whatever identity issues is dead on arrival, as if the shop did not know that server.
  identity.onProcessed((entry) => {
    if (entry.operation === 'refresh') identity.truth.revokeAccess('crm');
  });
  identity.truth.revokeAccess('crm');

  await expect(world.run(engine.getToken('shop', { waitMs: 100 }))).rejects.toMatchObject({
    retryable: true,
  });

  expect(identity.log.count({ operation: 'refresh' })).toBe(1);
  expect(shop.log.entries.map(({ outcome }) => outcome)).toEqual([
    'token_rejected',
    'token_rejected',
  ]);
  expect(world.seen('account:credentials_rejected')).toHaveLength(0);
  expect((await world.run(engine.status('shop'))).state).toBe('live');
});

test('OAuth20: a new upstream generation makes the accounts downstream due', async () => {
  await using world = new World();
  const { shop, providers, accounts } = await chainWorld(world);
  const engine = await world.engine({ providers, accounts });
  engine.start();
  const first = await world.run(engine.getToken('shop'));
  const before = shop.log.count({ operation: 'obtain' });

  await world.clock.advance(10 * MINUTE);
  await world.run(engine.renew('identity'));
  await world.clock.advance(20_000);

  expect(shop.log.count({ operation: 'obtain' })).toBe(before + 1);
  const next = await world.run(engine.getToken('shop'));
  expect(next.generation).toBe(first.generation + 1);
});

test('OAuth20: upstream revoked stops downstream: nothing is asked for with its bearer', async () => {
  await using world = new World();
  const { identity, shop, ...setup } = await chainWorld(world);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('shop'));
  const [asked, askedIdentity] = [shop.log.count(), identity.log.count()];

  await world.run(engine.revoke('identity'));
  await expect(world.run(engine.getToken('shop'))).rejects.toMatchObject({
    code: 'ACCOUNT_REVOKED',
    reason: 'upstream_revoked',
  });
  await world.clock.advance(25 * HOUR);

  await expect(world.run(engine.getToken('shop'))).rejects.toMatchObject({
    code: 'ACCOUNT_REVOKED',
  });
  expect(shop.log.count()).toBe(asked);
  expect(identity.log.count()).toBe(askedIdentity);

  await world.clock.advance(HOUR);
  await world.run(engine.login('identity'));
  await world.clock.advance(30_000);
  const again = await world.run(engine.getToken('shop'));
  expect(shop.truth.accepts(again.reveal())).toBe(true);
});

test('OAuth20: accounts that log in with each other are refused at creation, in words', async () => {
  await using world = new World();
  const { providers } = await oauth20World(world);
  const circle = ['one', 'two', 'three'].map((account, index, all) => ({
    provider: 'shop-api',
    account,
    credentials: { bearer: accountToken(all[(index + 1) % all.length] ?? '') },
  }));
  await expect(world.engine({ providers, accounts: circle })).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: expect.stringContaining('one > two > three > one'),
  });
});
