import { expect, test } from '@jest/globals';
import { type ProviderCall, Secret, TokenError, type TokenProvider } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { authRefreshWorld, person, World } from './world.js';

const HOUR = 3_600_000;

type Refresh = NonNullable<TokenProvider['refresh']>;

/** The provider, whose refresh begins with something else. */
async function worldOf(
  world: World,
  before: (call: ProviderCall, url: string) => Promise<void>,
  account: Record<string, unknown> = {},
) {
  const { server, providers, accounts } = await authRefreshWorld(world, { account });
  const [provider] = providers as [TokenProvider];
  const refresh: Refresh = async (token, call, credentials) => {
    await before(call, server.url);
    return (provider.refresh as Refresh)(token, call, credentials);
  };
  return { server, providers: [{ ...provider, refresh }], accounts };
}

test('a challenge, and no connection after it, leave no refresh token in doubt', async () => {
  await using world = new World();
  let challenged = 0;
  const { server, ...setup } = await worldOf(world, async (call, url) => {
    await call.send({ method: 'POST', url: `${url}/challenge` });
    call.nothingProcessed();
    challenged += 1;
    if (challenged === 1) await call.send({ method: 'POST', url: 'http://127.0.0.1:9' });
  });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(2 * HOUR);
  await world.run(engine.getToken('crm').catch(() => {}));
  await world.clock.advance(60_000);
  await world.run(engine.getToken('crm'));
  expect(challenged).toBe(2);
  expect(world.seen('renewal:in_doubt')).toEqual([]);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(1);
});

test('what was sent after it is in doubt as ever', async () => {
  await using world = new World();
  const { server, ...setup } = await worldOf(world, async (call, url) => {
    await call.send({ method: 'POST', url: `${url}/challenge` });
    call.nothingProcessed();
  });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  server.faults.next('refresh', fault.dropAfterProcessing());
  await world.clock.advance(2 * HOUR);
  await world.run(engine.getToken('crm').catch(() => {}));
  expect(world.seen('renewal:in_doubt')).toHaveLength(1);
  expect(server.log.replays()).toEqual([]);
});

test('"not now" in words of the token endpoint leaves no refresh token in doubt', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  server.faults.next('refresh', fault.json({ error: 'temporarily_unavailable' }, 400));
  await world.clock.advance(2 * HOUR);
  await world.run(engine.getToken('crm').catch(() => {}));
  await world.clock.advance(60_000);
  await world.run(engine.getToken('crm'));
  expect(world.seen('renewal:in_doubt')).toEqual([]);
  expect(server.log.logins()).toHaveLength(1);
});

test('a refresh that needs credentials can say why there are none, and nothing is sent', async () => {
  await using world = new World();
  let vaultIsDown = false;
  const credentials = () => {
    if (vaultIsDown) throw new Error('the vault is sealed');
    return { ...person, password: new Secret(person.password) };
  };
  const { server, ...setup } = await worldOf(
    world,
    async (call) => {
      if (call.credentialsError !== undefined) throw call.credentialsError;
    },
    { credentials },
  );
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  vaultIsDown = true;
  await world.clock.advance(2 * HOUR);
  const told = await world.run(engine.getToken('crm').catch((error: unknown) => error));
  expect(TokenError.is(told) && [told.code, told.reason]).toEqual([
    'PROVIDER_UNAVAILABLE',
    'credentials_unavailable',
  ]);
  expect(server.log.count({ operation: 'refresh' })).toBe(0);
  vaultIsDown = false;
  await world.clock.advance(60_000);
  await world.run(engine.getToken('crm'));
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(1);
});

test('a failure of the server that is told in words may have come after the rotation', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  server.faults.next('refresh', fault.json({ error: 'server_error' }, 400));
  await world.clock.advance(2 * HOUR);
  await world.run(engine.getToken('crm').catch(() => {}));
  expect(world.seen('renewal:in_doubt')).toHaveLength(1);
  expect(server.log.replays()).toEqual([]);
});
