import { expect, test } from '@jest/globals';
import { accountToken } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, oauth20World, person, World } from './world.js';

const SECOND = 1_000;
const POLL = 31 * SECOND;
const shared = { shared: true } as const;
const replaced = { shared: true, replace: true } as const;

/** A server that knows two accounts, and engines that begin without any. */
async function twoAccounts(world: World) {
  const eve = { username: 'eve', password: 'another password' };
  const { server, providers } = await authRefreshWorld(world, {
    authority: {
      clock: world.clock,
      accounts: [
        { accountId: 'p1', ...person },
        { accountId: 'p2', ...eve },
      ],
    },
  });
  const p1 = { provider: 'crm-api', account: 'p1', credentials: person };
  const p2 = { provider: 'crm-api', account: 'p2', credentials: eve };
  const engine = () => world.engine({ providers, accounts: [] });
  return { server, providers, p1, p2, engine };
}

test('a name that moved to another account is served with the other account everywhere', async () => {
  await using world = new World();
  const { server, p1, p2, engine } = await twoAccounts(world);
  const [here, there] = [await engine(), await engine()];
  await world.run(here.accounts.add({ ...p1, name: 'crm' }, shared));
  await world.clock.advance(2 * SECOND);
  await world.run(there.getToken('crm'));
  await world.run(here.accounts.add({ ...p1, name: 'old' }, replaced));
  await world.run(here.accounts.add({ ...p2, name: 'crm' }, shared));
  there.start();
  await world.clock.advance(POLL + 6 * SECOND);
  const token = await world.run(there.getToken('crm'));
  expect(token.account).toBe('crm-api/p2');
  expect(token.reveal()).toBe(server.truth.current('p2')?.accessToken);
  expect((await world.run(there.getToken('old'))).account).toBe('crm-api/p1');
});

test('what has no place among the others is refused before it is written', async () => {
  await using world = new World();
  const { p1, p2, engine } = await twoAccounts(world);
  const here = await engine();
  await world.run(here.accounts.add({ ...p1, name: 'crm' }, shared));
  const wrong: [object, RegExp][] = [
    [{ ...p2, name: 'crm' }, /Two accounts are named "crm"/],
    [{ ...p2, credentials: { password: accountToken('nobody') } }, /"nobody", which is not there/],
    [{ ...p1, name: 'crm', credentials: { password: accountToken('crm') } }, /in a circle/],
  ];
  for (const [config, complaint] of wrong) {
    const error = await failureOf(world.run(here.accounts.add(config as never, replaced)));
    expect(error.message).toMatch(complaint);
  }
  const there = await engine();
  expect(there.accounts.list().map(({ id }) => id)).toEqual(['crm-api/p1']);
  expect((await world.run(there.getToken('crm'))).account).toBe('crm-api/p1');
});

test('a chain of accounts is whole in every engine, and goes from the end, however it is read', async () => {
  await using world = new World();
  const { providers, accounts } = await oauth20World(world);
  const provider = providers[0]?.id ?? '';
  const engine = () => world.engine({ providers, accounts: [] });
  const here = await engine();
  await world.run(here.accounts.add({ ...accounts[0], account: 'm' } as never, shared));
  const link = (account: string, upstream: string) => ({
    provider,
    account,
    credentials: { bearer: accountToken(upstream) },
  });
  for (const [account, upstream] of [
    ['z', 'm'],
    ['b', 'z'],
    ['a', 'b'],
  ] as const) {
    await world.run(here.accounts.add(link(account, upstream), shared));
  }
  const there = await engine();
  const namesOf = ({ accounts: { list } }: typeof there) =>
    list.call(there.accounts).map(({ name }) => name);
  expect(namesOf(there).sort()).toEqual(['a', 'b', 'm', 'z']);
  for (const name of ['a', 'b', 'z', 'm']) await world.run(here.accounts.remove(name));
  there.start();
  await world.clock.advance(POLL + 6 * SECOND);
  expect(namesOf(there)).toEqual([]);
});

test('an account that a service configures itself is not for others to remove', async () => {
  await using world = new World();
  const { providers, p1, engine } = await twoAccounts(world);
  const own = await world.engine({ providers, accounts: [p1] });
  const other = await engine();
  await world.run(other.accounts.add(p1, shared));
  own.start();
  await world.clock.advance(POLL + 6 * SECOND);
  await world.run(other.accounts.remove('p1', { force: true }));
  await world.clock.advance(POLL + 6 * SECOND);
  expect(own.accounts.list()).toHaveLength(1);
});

test('an account that is added anew while it is removed stays', async () => {
  await using world = new World();
  const { server, providers, accounts } = await oauth20World(world);
  const engine = () => world.engine({ providers, accounts: [] });
  const [here, there] = [await engine(), await engine()];
  const shop = accounts[0] as never;
  await world.run(here.accounts.add(shop, shared));
  await world.clock.advance(2 * SECOND);
  await world.run(there.getToken('shop'));
  server.faults.next('revoke', fault.delay(5 * SECOND, fault.normal()));
  const removing = failureOf(here.accounts.remove('shop'));
  await world.clock.advance(2 * SECOND);
  await world.run(there.accounts.add(shop, replaced));
  expect(await world.run(removing)).toMatchObject({ reason: 'contention', retryable: true });
  await world.clock.advance(6 * SECOND);
  const token = await world.run(there.getToken('shop'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
});

test('an account that was revoked, then removed, lives when it is added again', async () => {
  await using world = new World();
  const { p1, engine } = await twoAccounts(world);
  const here = await engine();
  await world.run(here.accounts.add(p1));
  await world.run(here.getToken('p1'));
  await world.run(here.revoke('p1'));
  await world.run(here.accounts.remove('p1'));
  await world.run(here.accounts.add(p1));
  expect((await world.run(here.getToken('p1'))).account).toBe('crm-api/p1');
});

test('a handle that was kept over remove and add uses what was added last', async () => {
  await using world = new World();
  const { p1, engine } = await twoAccounts(world);
  const here = await engine();
  await world.run(here.accounts.add({ ...p1, credentials: { ...person, password: 'wrong' } }));
  const handle = here.account('p1');
  await failureOf(world.run(handle.getToken()));
  await world.run(here.accounts.remove('p1'));
  await expect(world.run(handle.getToken())).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
  await world.run(here.accounts.add(p1));
  await world.clock.advance(10 * SECOND);
  expect((await world.run(handle.getToken())).account).toBe('crm-api/p1');
});

test('a row that nobody can read is told about once, and can be replaced and removed', async () => {
  await using world = new World();
  const { p1, p2, engine } = await twoAccounts(world);
  const here = await engine();
  await world.run(here.accounts.add(p1, shared));
  await world.run(here.accounts.add(p2, shared));
  const damage = async (id: string) => {
    const { row } = await world.store.read('configuration', id);
    const { kind = 'configuration', version: expected = 0, fence = 0 } = row ?? {};
    await world.store.write([{ kind, id, expected, body: 'torn', due: undefined, fence }]);
  };
  await damage('crm-api/p1');
  await damage('crm-api/p2');
  const there = await engine();
  there.start();
  await world.clock.advance(3 * POLL);
  expect(there.accounts.list()).toEqual([]);
  await world.run(there.accounts.add(p1, replaced));
  expect((await world.run(there.getToken('p1'))).account).toBe('crm-api/p1');
  await world.run(there.accounts.remove('crm-api/p2'));
  await expect(world.run(there.getToken('p2'))).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
});

test('stop() waits for the login of an account that was removed meanwhile', async () => {
  await using world = new World();
  const { server, p1, engine } = await twoAccounts(world);
  const here = await engine();
  await world.run(here.accounts.add(p1));
  server.faults.next('obtain', fault.delay(5 * SECOND, fault.normal()));
  const asked = failureOf(here.getToken('p1'));
  await world.clock.advance(SECOND);
  await world.run(here.accounts.remove('p1', { force: true }));
  expect((await world.run(asked)).code).toBe('ACCOUNT_UNKNOWN');
  const before = world.clock.monotonic();
  await world.run(here.stop());
  expect(world.clock.monotonic() - before).toBeGreaterThan(3 * SECOND);
});
