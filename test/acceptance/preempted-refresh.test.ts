import { expect, test } from '@jest/globals';
import type { TokenProvider } from '@tokenkeep/core';
import { oauth20 } from '@tokenkeep/provider-oauth20';
import { fault } from '@tokenkeep/testing';
import { authRefreshWorld, oauth20World, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** An OAuth20 account with a rotating refresh token, because that server can revoke. */
async function rotatingShop(world: World) {
  const made = await oauth20World(world, {
    authority: {
      rules: { accessLifeMs: HOUR },
      accounts: [{ accountId: 'shop', clientId: 'web', username: 'ada', password: 'pw' }],
    },
  });
  const refreshToken = { singleUse: true, reuseGraceMs: 0 } as const;
  const provider = oauth20({
    id: 'shop-api',
    baseUrl: made.server.url,
    refreshToken,
    passwordLogin: true,
    readAfterGrant: false,
  });
  const credentials = { grant: 'password', clientId: 'web', username: 'ada', password: 'pw' };
  const accounts = [{ provider: 'shop-api', account: 'shop', credentials }];
  made.server.truth.accounts.set('shop', {
    accountId: 'shop',
    clientId: 'web',
    username: 'ada',
    password: 'pw',
  });
  return { server: made.server, providers: [provider as TokenProvider], accounts };
}

test("F71 a person's login wins over a refresh in flight; the late pair is dropped and revoked", async () => {
  await using world = new World();
  const { server, ...setup } = await rotatingShop(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('shop'));
  await world.clock.advance(HOUR);
  server.faults.next('refresh', fault.delay(10 * SECOND));
  const waiting = engine.getToken('shop');
  await world.clock.advance(SECOND);

  const login = await world.run(engine.login('shop'), 5 * SECOND);
  expect(server.truth.current('shop')?.accessToken).toBe(login.reveal());
  await world.clock.advance(MINUTE);

  expect((await waiting).reveal()).toBe(login.reveal());
  expect((await world.run(engine.getToken('shop'))).reveal()).toBe(login.reveal());
  expect(server.truth.accepts(login.reveal())).toBe(true);
  expect(server.log.count({ operation: 'revoke', outcome: 'revoked' })).toBe(1);
  const [first] = server.truth.tokens.of('shop');
  expect(first?.revoked).toBe(true);
  expect(server.log.replays()).toHaveLength(0);
});

test('F71 another engine over the same store takes the login over, not the late refresh', async () => {
  await using world = new World();
  const { server, ...setup } = await rotatingShop(world);
  const [here, there] = [await world.engine(setup), await world.engine(setup)];
  await world.run(here.getToken('shop'));
  await world.run(there.getToken('shop'));
  await world.clock.advance(HOUR);
  server.faults.next('refresh', fault.delay(10 * SECOND));
  const waiting = here.getToken('shop');
  await world.clock.advance(SECOND);
  const login = await world.run(there.login('shop'), 5 * SECOND);
  await world.clock.advance(MINUTE);
  expect((await waiting).reveal()).toBe(login.reveal());
  const tokens = await world.run(Promise.all([here.getToken('shop'), there.getToken('shop')]));
  expect(tokens.map((token) => token.reveal())).toEqual([login.reveal(), login.reveal()]);
});

test("F71 where revoking the late pair would end the login's family it is only dropped", async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR);
  server.faults.next('refresh', fault.delay(10 * SECOND));
  const waiting = engine.getToken('crm');
  await world.clock.advance(SECOND);
  const login = await world.run(engine.login('crm'), 5 * SECOND);
  await world.clock.advance(MINUTE);
  expect((await waiting).reveal()).toBe(login.reveal());
  await world.clock.advance(HOUR);
  await world.run(engine.getToken('crm'));
  const last = server.log.where({ operation: 'refresh' }).at(-1);
  expect(last).toMatchObject({ outcome: 'issued', family: 2, replay: false });
});

test('F71 of two logins by hand at once one stands, and the engine serves that one', async () => {
  await using world = new World();
  const { server, ...setup } = await rotatingShop(world);
  const [here, there] = [await world.engine(setup), await world.engine(setup)];
  await world.run(here.getToken('shop'));
  await world.clock.advance(MINUTE);
  server.faults.next('obtain', fault.delay(2 * SECOND), fault.delay(2 * SECOND));
  await world.run(Promise.allSettled([here.login('shop'), there.login('shop')]));
  await world.clock.advance(MINUTE);
  const tokens = await world.run(Promise.all([here.getToken('shop'), there.getToken('shop')]));
  expect(tokens[0]?.reveal()).toBe(tokens[1]?.reveal());
  expect(server.truth.accepts(tokens[0]?.reveal() ?? '')).toBe(true);
});

test('F72 an account revoked while its refresh is in flight stays revoked; the late pair is revoked too', async () => {
  await using world = new World();
  const { server, ...setup } = await rotatingShop(world);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('shop'));
  const { outcome } = await rotationInFlight(world, server, engine);
  await world.run(engine.revoke('shop'), 5 * SECOND);
  expect(await world.run(outcome)).toMatchObject({ code: 'ACCOUNT_REVOKED' });
  await world.clock.advance(HOUR);

  const [family] = server.truth.tokens.of('shop');
  const alive = family?.sets.filter(({ accessToken }) => server.truth.accepts(accessToken));
  expect(alive).toHaveLength(0);
  await expect(world.run(engine.getToken('shop'))).rejects.toMatchObject({
    code: 'ACCOUNT_REVOKED',
  });
  const { row } = await world.store.read('account', 'shop-api/shop');
  const record = JSON.parse(row?.body ?? '{}');
  expect(record).toMatchObject({ state: 'revoked', retiring: [] });
  expect(record).not.toHaveProperty('access');
  expect(record).not.toHaveProperty('refresh');
});

/** A caller who waits for a refresh that the server answers in ten seconds. */
async function rotationInFlight(
  world: World,
  server: Awaited<ReturnType<typeof rotatingShop>>['server'],
  engine: Awaited<ReturnType<World['engine']>>,
) {
  await world.clock.advance(10 * MINUTE);
  server.faults.next('refresh', fault.delay(10 * SECOND));
  const outcome = engine.renew('shop').catch((error: unknown) => error);
  await world.clock.advance(SECOND);
  return { outcome };
}
