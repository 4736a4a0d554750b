import { expect, test } from '@jest/globals';
import { accountToken } from '@tokenkeep/core';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, chatAppWorld, oauth20World, person, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** An engine that begins without any account, and the account its server knows. */
async function emptyEngine(world: World) {
  const { server, providers, accounts } = await authRefreshWorld(world);
  const [crm] = accounts;
  if (crm === undefined) throw new Error('There is no account.');
  return { server, providers, crm, engine: await world.engine({ providers, accounts: [] }) };
}

test('an account added at runtime is used at once, and renewed in the background like the others', async () => {
  await using world = new World();
  const { server, crm, engine } = await emptyEngine(world);
  engine.start();
  await expect(engine.getToken('crm')).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });

  const added = await world.run(engine.accounts.add(crm));
  expect(added).toEqual({ id: 'crm-api/crm', name: 'crm', provider: 'crm-api' });
  expect(engine.accounts.list()).toEqual([added]);
  await world.clock.advance(SECOND);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
  expect((await world.run(engine.getToken('crm'))).generation).toBe(1);
  await world.clock.advance(60 * MINUTE);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('a removed account is unknown, its tokens are ended at the server, and added again it lives', async () => {
  await using world = new World();
  const { server, providers, accounts } = await oauth20World(world);
  const engine = await world.engine({ providers, accounts: [] });
  const [shop] = accounts;
  await world.run(engine.accounts.add(shop as never));
  const token = await world.run(engine.getToken('shop'));

  await world.run(engine.accounts.remove('shop'));
  expect(server.truth.accepts(token.reveal())).toBe(false);
  expect(engine.accounts.list()).toEqual([]);
  await expect(engine.getToken('shop')).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });

  await world.run(engine.accounts.add(shop as never));
  const next = await world.run(engine.getToken('shop'));
  expect(server.truth.accepts(next.reveal())).toBe(true);
  expect(next.generation).toBeGreaterThan(token.generation);
});

test('an account whose tokens cannot be ended stays, revoked, until they are or somebody insists', async () => {
  await using world = new World();
  const { server, providers, accounts } = await oauth20World(world);
  const engine = await world.engine({ providers, accounts: [] });
  await world.run(engine.accounts.add(accounts[0] as never));
  await world.run(engine.getToken('shop'));
  await server.stop();
  const error = await failureOf(world.run(engine.accounts.remove('shop')));
  expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', reason: 'revocation_owed' });
  expect((await world.run(engine.status('shop'))).state).toBe('revoked');
  await world.run(engine.accounts.remove('shop', { force: true }));
  expect(engine.accounts.list()).toEqual([]);
});

test('a shared account is there in every process that shares the store, as soon as it is asked for', async () => {
  await using world = new World();
  const { server, providers, crm, engine } = await emptyEngine(world);
  const other = await world.engine({ providers, accounts: [] });
  await world.clock.advance(2 * SECOND);
  await world.run(engine.accounts.add({ ...crm, name: 'sales' }, { shared: true }));
  const token = await world.run(other.getToken('sales'));
  expect((await world.run(engine.getToken('sales'))).reveal()).toBe(token.reveal());
  expect(server.log.count({ operation: 'obtain' })).toBe(1);

  // Also in one that starts later, and by itself in one that is never asked.
  const later = await world.engine({ providers, accounts: [] });
  expect(later.accounts.list()).toMatchObject([{ id: 'crm-api/crm', name: 'sales' }]);
});

test('the background of one process keeps an account alive that another has added', async () => {
  await using world = new World();
  const { server, providers, crm, engine } = await emptyEngine(world);
  const keeper = await world.engine({ providers, accounts: [] });
  keeper.start();
  await world.clock.advance(SECOND);
  await world.run(engine.accounts.add(crm, { shared: true }));
  await world.clock.advance(40 * SECOND);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
  expect(keeper.accounts.list()).toHaveLength(1);
});

test('credentials replaced in one process are what all the others log in with', async () => {
  await using world = new World();
  const { server, providers, crm, engine } = await emptyEngine(world);
  const wrong = { ...crm, credentials: { ...person, password: 'mistyped' } };
  await world.run(engine.accounts.add(wrong, { shared: true }));
  const other = await world.engine({ providers, accounts: [] });
  other.start();
  await world.clock.advance(SECOND);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
  expect(await world.run(other.status('crm'))).toMatchObject({ reason: 'credentials_rejected' });

  const again = await failureOf(engine.accounts.add(crm, { shared: true }));
  expect(again.message).toContain('{ replace: true }');
  await world.run(engine.accounts.add(crm, { shared: true, replace: true }));
  await world.clock.advance(31 * SECOND);
  expect((await world.run(other.getToken('crm'))).generation).toBe(1);
  expect(server.log.count({ operation: 'obtain' })).toBe(2);
});

test('a shared account that was removed is handed out nowhere after a second, and gone after a poll', async () => {
  await using world = new World();
  const { providers, crm, engine } = await emptyEngine(world);
  const other = await world.engine({ providers, accounts: [] });
  await world.run(engine.accounts.add(crm, { shared: true }));
  other.start();
  await world.clock.advance(2 * SECOND);
  await world.run(other.getToken('crm'));
  await world.run(engine.accounts.remove('crm'));
  await world.clock.advance(1_001);
  expect(other.peek('crm')).toBeUndefined();
  await expect(world.run(other.getToken('crm'))).rejects.toMatchObject({ code: 'ACCOUNT_REVOKED' });
  await world.clock.advance(36 * SECOND);
  await expect(world.run(other.getToken('crm'))).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
});

test('credentials in the store are sealed, and no word of them stands in a row', async () => {
  await using world = new World();
  const { crm, engine } = await emptyEngine(world);
  await world.run(engine.accounts.add(crm, { shared: true }));
  const [row] = await world.store.list('configuration', undefined, 10);
  expect(row?.id).toBe('crm-api/crm');
  expect(row?.body).not.toContain(person.password);
  expect(row?.body).not.toContain(person.username);
  expect(row?.body).not.toContain(Buffer.from(person.password).toString('base64'));
  await world.run(engine.accounts.remove('crm'));
  const [emptied] = await world.store.list('configuration', undefined, 10);
  expect(JSON.parse(emptied?.body ?? '')).toEqual({ format: 1, removed: true });
});

test('shared accounts may log in with the tokens of others, in whatever order they are read', async () => {
  await using world = new World();
  const { server, ...upstream } = await oauth20World(world);
  const [provider] = upstream.providers;
  const [identity] = upstream.accounts;
  const engine = await world.engine({ providers: upstream.providers, accounts: [] });
  await world.run(
    engine.accounts.add({ ...(identity as object), account: 'z' } as never, { shared: true }),
  );
  await world.run(
    engine.accounts.add(
      { provider: provider?.id ?? '', account: 'a', credentials: { bearer: accountToken('z') } },
      { shared: true },
    ),
  );
  const other = await world.engine({ providers: upstream.providers, accounts: [] });
  expect(
    other.accounts
      .list()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['a', 'z']);
  const removed = await failureOf(engine.accounts.remove('z'));
  expect(removed).toMatchObject({ code: 'CONFIGURATION_INVALID' });
  expect(removed.message).toContain('"a" logs in with the token of "z"');
  expect(server.log.count({ operation: 'revoke' })).toBe(0);
});

test('what cannot be added says why, and nothing is added', async () => {
  await using world = new World();
  const { providers, accounts } = await chatAppWorld(world);
  const engine = await world.engine({ providers, accounts });
  const fixed = accounts[0] as NonNullable<(typeof accounts)[0]>;
  const wrong: [unknown, object, RegExp][] = [
    [{ provider: 'nope', account: 'a' }, {}, /wants provider "nope"/],
    [{ provider: 'chatapp', account: '' }, {}, /no "account" name/],
    [{ ...fixed, account: 'b', name: 'crm' }, {}, /Two accounts are named "crm"/],
    [fixed, {}, /configured twice/],
    [fixed, { shared: true }, /configured somewhere else/],
    [{ ...fixed, account: 'c', credentials: () => ({}) }, { shared: true }, /contain a function/],
    [{ ...fixed, account: 'd', rotateEveryMs: 5 }, {}, /has rotateEveryMs/],
    [{ ...fixed, account: 'e', credentials: { bearer: accountToken('e') } }, {}, /in a circle/],
    [{ ...fixed, account: 'f', credentials: { bearer: accountToken('nobody') } }, {}, /No account/],
  ];
  for (const [config, options, complaint] of wrong) {
    const error = await failureOf(world.run(engine.accounts.add(config as never, options)));
    expect(error.message).toMatch(complaint);
    expect(engine.accounts.list()).toHaveLength(1);
  }
  const fixedOne = await failureOf(world.run(engine.accounts.remove('crm')));
  expect(fixedOne.message).toContain('in the options of this engine');
});
