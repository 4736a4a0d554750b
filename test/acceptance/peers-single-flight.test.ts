import { expect, test } from '@jest/globals';
import type { TokenProvider } from '@tokenkeep/core';
import { chatApp } from '@tokenkeep/provider-chatapp';
import { authRefreshWorld, chatAppLogin, chatAppWorld, person, World } from './world.js';

const HOUR = 3_600_000;

test('P8 twenty cold calls make one login', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const tokens = await world.run(
    Promise.all(Array.from({ length: 20 }, () => engine.getToken('crm'))),
  );
  expect(new Set(tokens).size).toBe(1);
  expect(server.log.count()).toBe(1);
});

test('P5b twenty concurrent calls on an ended token make one refresh', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR);
  const tokens = await world.run(
    Promise.all(Array.from({ length: 20 }, () => engine.getToken('crm'))),
  );
  expect(new Set(tokens).size).toBe(1);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.count()).toBe(2);
});

test('F51 ten thousand concurrent callers at expiry cause one request and get one token', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const handle = engine.account('crm');
  await world.run(handle.getToken());
  await world.clock.advance(HOUR);
  const callers = Array.from({ length: 10_000 }, (_, index) =>
    index % 2 === 0 ? engine.getToken('crm') : handle.getToken(),
  );
  const tokens = await world.run(Promise.all(callers));
  expect(new Set(tokens).size).toBe(1);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.count()).toBe(2);
});

test('P1c two scopes of one account are two tokens', async () => {
  await using world = new World();
  const { server, providers, accounts } = await authRefreshWorld(world);
  const [crm] = accounts;
  const scoped = ['contacts.read', 'contacts.write'].map((scope) => ({
    ...crm,
    provider: 'crm-api',
    account: 'crm',
    scope,
    name: scope,
  }));
  const engine = await world.engine({ providers, accounts: scoped });

  const [read, write] = await world.run(
    Promise.all([engine.getToken('contacts.read'), engine.getToken('contacts.write')]),
  );
  const byParts = await world.run(
    engine.getToken({ provider: 'crm-api', account: 'crm', scope: 'contacts.write' }),
  );

  expect(read.reveal()).not.toBe(write.reveal());
  expect(byParts).toBe(write);
  expect(server.log.count({ operation: 'obtain' })).toBe(2);
});

test("P6 app B never gets app A's token, though e-mail and server are the same", async () => {
  await using world = new World();
  const apps = ['app_1_1', 'app_2_2'].map((appId) => ({ ...chatAppLogin, appId }));
  const { server } = await chatAppWorld(world, {
    authority: { accounts: apps.map((app) => ({ accountId: app.appId, ...app })) },
  });
  const engine = await world.engine({
    providers: [chatApp({ baseUrl: server.url }) as TokenProvider],
    accounts: apps.map((credentials) => ({
      provider: 'chatapp',
      account: credentials.appId,
      credentials,
    })),
  });

  for (let round = 0; round < 2; round += 1) {
    const pairs = await world.run(
      Promise.all(apps.map(async ({ appId }) => ({ appId, got: await engine.getToken(appId) }))),
    );
    for (const { appId, got } of pairs) {
      const owner = server.truth.tokens.set(got.reveal())?.family.accountId;
      expect(owner).toBe(appId);
    }
    await world.clock.advance(25 * HOUR);
  }
  expect(server.log.count({ operation: 'obtain' })).toBe(2);
});

test('P6 two accounts of one provider that differ in one part of the key share nothing', async () => {
  await using world = new World();
  const people = ['ada', 'bob'].map((username) => ({ ...person, username }));
  const { server, providers } = await authRefreshWorld(world, {
    authority: { accounts: people.map((each) => ({ accountId: each.username, ...each })) },
  });
  const engine = await world.engine({
    providers,
    accounts: people.map((credentials) => ({
      provider: 'crm-api',
      account: 'crm',
      tenant: credentials.username,
      name: credentials.username,
      credentials,
    })),
  });
  for (const { username } of people) {
    const token = await world.run(engine.getToken(username));
    expect(server.truth.tokens.set(token.reveal())?.family.accountId).toBe(username);
  }
  await expect(engine.getToken({ provider: 'crm-api', account: 'crm' })).rejects.toMatchObject({
    code: 'ACCOUNT_UNKNOWN',
  });
});
