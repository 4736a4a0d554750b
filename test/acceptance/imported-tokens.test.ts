import { expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { TroubledStore } from './troubled-store.js';
import { withoutCredentials } from './without-credentials.js';
import { authRefreshWorld, oauth20World, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A pair as another client got it, with a login of its own. */
async function pairOf(server: { url: string }, credentials: object) {
  const reply = await fetch(new URL('/auth/login', server.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  const { token, refreshToken } = (await reply.json()) as Record<string, string>;
  if (token === undefined || refreshToken === undefined) throw new Error('No pair.');
  return { accessToken: token, refreshToken };
}

test('an imported pair is served as it is, and renewed with its own refresh token, without any login', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const pair = await pairOf(server, setup.accounts[0]?.credentials ?? {});
  const engine = await world.engine(withoutCredentials(setup));
  engine.start();
  await world.run(engine.accounts.import('crm', { ...pair, lifetimeMs: HOUR }));
  expect((await world.run(engine.getToken('crm'))).reveal()).toBe(pair.accessToken);

  await world.clock.advance(3 * HOUR);
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
  expect(Math.max(...server.log.requestsPerGeneration().values())).toBe(1);
});

test("an imported token's life is counted from the call, however slow the store is to take it", async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const pair = await pairOf(server, setup.accounts[0]?.credentials ?? {});
  const trouble = new TroubledStore(world.store, world.clock);
  const engine = await world.engine({ ...withoutCredentials(setup), store: trouble.store });
  const endsAt = world.clock.now() + HOUR;
  trouble.delayMs = 20 * SECOND;
  await world.run(engine.accounts.import('crm', { ...pair, lifetimeMs: HOUR }));
  trouble.delayMs = 0;
  const token = await world.run(engine.getToken('crm'));
  expect(token.reveal()).toBe(pair.accessToken);
  expect(token.expiresAt).toBeLessThanOrEqual(endsAt);
});

test('an imported refresh token alone is enough: the first caller renews with it', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const { refreshToken } = await pairOf(server, setup.accounts[0]?.credentials ?? {});
  const engine = await world.engine(withoutCredentials(setup));
  await world.run(engine.accounts.import('crm', { refreshToken: new Secret(refreshToken) }));
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('an access token that has ended is left out of an import; its refresh token is not', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const pair = await pairOf(server, setup.accounts[0]?.credentials ?? {});
  const engine = await world.engine(withoutCredentials(setup));
  await world.run(engine.accounts.import('crm', { ...pair, lifetimeMs: -5 * SECOND }));
  expect((await world.run(engine.getToken('crm'))).reveal()).not.toBe(pair.accessToken);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('an import preempts a refresh under way, whose late pair changes nothing', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  const pair = await pairOf(server, setup.accounts[0]?.credentials ?? {});
  server.faults.next('refresh', fault.delay(20 * SECOND, fault.normal()));
  const renewing = engine.renew('crm').catch(() => undefined);
  await world.clock.advance(2 * SECOND);
  await world.run(engine.accounts.import('crm', { ...pair, lifetimeMs: HOUR }));
  expect((await world.run(engine.getToken('crm'))).reveal()).toBe(pair.accessToken);
  await world.clock.advance(30 * SECOND);
  await world.run(renewing);
  expect((await world.run(engine.getToken('crm'))).reveal()).toBe(pair.accessToken);
});

test('an import cures an account that only a person could help, and revives a revoked one', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(withoutCredentials(setup));
  await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({
    code: 'REAUTHORIZATION_REQUIRED',
  });
  const first = await pairOf(server, setup.accounts[0]?.credentials ?? {});
  await world.run(engine.accounts.import('crm', first));
  expect((await world.run(engine.status('crm'))).state).toBe('live');

  await world.run(engine.revoke('crm'));
  const second = await pairOf(server, setup.accounts[0]?.credentials ?? {});
  await world.run(engine.accounts.import('crm', second));
  expect((await world.run(engine.getToken('crm'))).reveal()).toBe(second.accessToken);
});

test('an import of tokens nobody could use says why, and what the account had goes on', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const token = await world.run(engine.getToken('crm'));
  const cases: [object, RegExp][] = [
    [null as never, /Give \{ accessToken/],
    [{}, /no refresh token, and no access token/],
    [{ accessToken: 'a', lifetimeMs: 0 }, /no access token that still lives/],
    [{ accessToken: 'line\nbreak' }, /outside printable ASCII/],
    [{ accessToken: '' }, /is empty/],
    [{ refreshToken: 42 }, /is number, not a string/],
    [{ accessToken: 'x'.repeat(16_385) }, /more than 16384/],
    [{ refreshToken: '[secret]' }, /mask of a printed secret/],
  ];
  for (const [tokens, complaint] of cases) {
    const error = await failureOf(world.run(engine.accounts.import('crm', tokens)));
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'imported_tokens' });
    expect(error.message).toMatch(complaint);
  }
  expect((await world.run(engine.getToken('crm'))).reveal()).toBe(token.reveal());
  expect(server.log.length).toBe(1);
});

test('a provider that cannot refresh takes no refresh token alone', async () => {
  await using world = new World();
  const { server: _, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const error = await failureOf(world.run(engine.accounts.import('shop', { refreshToken: 'r' })));
  expect(error.message).toContain('cannot refresh');
});
