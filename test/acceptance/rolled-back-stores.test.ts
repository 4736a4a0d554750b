import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type StoredRow, type TokenEngine, TokenError } from '@tokenkeep/core';
import { type StoreServer, storeKinds, storeOf } from '@tokenkeep/servers';
import { describeStores } from '../describe-stores.js';
import { quick, RealWorld, whenAllowed } from './processes/real-world.js';

/** What a backup, a clone or a fail-over does to one account: an older row stands there again. */
async function putBack(world: RealWorld, older: StoredRow): Promise<void> {
  const store = storeOf(world.store);
  await store.open();
  const { row } = await store.read('account', older.id);
  const { kind, id, body, due, fence } = older;
  const change = { kind, id, body, due, fence, expected: row?.version ?? 0 };
  expect(await store.write([change])).toMatchObject({ written: true });
  await store.close();
}

async function savedRow(world: RealWorld): Promise<StoredRow> {
  const store = storeOf(world.store);
  await store.open();
  const { row } = await store.read('account', 'crm-api/crm');
  await store.close();
  if (row === undefined) throw new Error('There is no row.');
  return row;
}

/** Until the view that a process has of the row is too old to serve. */
const viewEnds = () => new Promise((resolve) => setTimeout(resolve, quick.viewMaxAgeMs * 2));

/** An engine that has seen the second generation, over a store that has the first again. */
async function rolledBack(world: RealWorld): Promise<TokenEngine> {
  const engine = await world.engine();
  await engine.getToken('crm');
  const older = await savedRow(world);
  await whenAllowed(() => engine.renew('crm'));
  await putBack(world, older);
  await viewEnds();
  return engine;
}

describeStores(storeKinds, ({ start }) => {
  let stores: StoreServer;
  beforeAll(async () => {
    stores = await start();
  });
  afterAll(() => stores.stop());

  test('S32 F62 F63 whoever has seen a newer state sends nothing, until somebody logs in', async () => {
    await using world = await RealWorld.begin({ provider: { inDoubt: 'resend-once' } }, stores);
    const engine = await rolledBack(world);
    const asked = world.tokenRequests.length;
    const refusal = { code: 'STORE_ROLLED_BACK', reason: 'rolled_back' };
    await expect(engine.getToken('crm')).rejects.toMatchObject(refusal);
    await expect(engine.renew('crm')).rejects.toMatchObject(refusal);
    expect(world.tokenRequests).toHaveLength(asked);
    expect(world.server.truth.family('crm')?.revoked).toBe(false);

    await engine.login('crm');
    const token = await engine.getToken('crm');
    expect(token.reveal()).toBe(world.server.truth.current('crm')?.accessToken);
    await whenAllowed(() => engine.renew('crm'));
    expect(world.server.log.logins()).toHaveLength(2);
  });

  test('F63 whoever starts over a restored backup has one refusal and one login, and no war', async () => {
    await using world = await RealWorld.begin({ provider: { inDoubt: 'resend-once' } }, stores);
    const first = await rolledBack(world);
    await first.stop();
    const engines = await Promise.all([world.engine(), world.engine(), world.engine()]);
    const asked = world.tokenRequests.length;
    const renewals = engines.map((engine) => whenAllowed(() => engine.renew('crm')));
    const ends = await Promise.allSettled(renewals);
    for (const end of ends) {
      if (end.status === 'rejected') expect(TokenError.is(end.reason)).toBe(true);
    }
    const after = world.tokenRequests.slice(asked);
    expect(after.filter(({ operation }) => operation === 'obtain')).toHaveLength(1);
    expect(after.filter(({ outcome }) => outcome === 'refused')).toHaveLength(1);
    // Whoever was done first has not seen the tokens of those after it.
    await viewEnds();
    const tokens = await Promise.all(engines.map((engine) => engine.getToken('crm')));
    const newest = world.server.truth.current('crm')?.accessToken;
    expect(tokens.map((token) => token.reveal())).toEqual(engines.map(() => newest));
  });
});
