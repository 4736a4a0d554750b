import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RowKind, StoredRow } from '@tokenkeep/core';
import { type StoreServer, type StoreSettings, storeKinds, storeOf } from '@tokenkeep/servers';
import { Redis } from 'ioredis';
import Database from 'libsql';
import { Client } from 'pg';
import { describeStores } from '../describe-stores.js';
import { quick, RealWorld, whenAllowed } from './processes/real-world.js';

const refusal = { code: 'STORE_SCHEMA_NEWER', reason: 'schema_newer' };
const viewEnds = () => new Promise((resolve) => setTimeout(resolve, quick.viewMaxAgeMs * 2));

/** What the first process of the next major version does to a store. */
async function moveSchema(store: StoreSettings, by: 1 | -1): Promise<void> {
  switch (store.kind) {
    case 'sqlite': {
      const database = new Database(store.path);
      const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
        user_version: number;
      };
      database.exec(`PRAGMA user_version = ${version + by}`);
      return;
    }
    case 'postgres':
      return sql(
        store.url,
        `UPDATE ${store.schema}.store SET schema_version = schema_version + ${by}`,
      );
    case 'redis': {
      const client = new Redis(store.url);
      await client.incrby(`{${store.prefix}}:schema`, by);
      client.disconnect();
    }
  }
}

async function sql(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}

/** The rows of one kind, once `change` was made to the body of each. */
async function rowsOf(
  world: RealWorld,
  kind: RowKind,
  change?: (body: object) => object,
): Promise<readonly StoredRow[]> {
  const store = storeOf(world.store);
  await store.open();
  const rows = await store.list(kind, undefined, 10);
  for (const { id, version, due, fence, body } of change === undefined ? [] : rows) {
    const text = JSON.stringify(change?.(JSON.parse(body)));
    const write = { kind, id, expected: version, body: text, due, fence };
    expect(await store.write([write])).toMatchObject({ written: true });
  }
  const changed = await store.list(kind, undefined, 10);
  await store.close();
  return changed;
}

describeStores(storeKinds, ({ start }) => {
  let stores: StoreServer;
  beforeAll(async () => {
    stores = await start();
  });
  afterAll(() => stores.stop());

  test('F66 an older version that runs, or starts, refuses a newer schema before it sends or writes', async () => {
    await using world = await RealWorld.begin({}, stores);
    const engine = await world.engine();
    await engine.getToken('crm');
    const before = await rowsOf(world, 'account');
    const asked = world.tokenRequests.length;
    await moveSchema(world.store, 1);
    await viewEnds();
    await expect(engine.renew('crm')).rejects.toMatchObject(refusal);
    await expect(engine.login('crm')).rejects.toMatchObject(refusal);
    await expect(world.engine()).rejects.toMatchObject(refusal);
    await engine.tick().catch(() => {});
    expect(world.tokenRequests).toHaveLength(asked);

    await moveSchema(world.store, -1);
    expect(await rowsOf(world, 'account')).toEqual(before);
    // Put back, as after a restored copy: the same process goes on.
    expect(world.isIssued(await whenAllowed(() => engine.renew('crm')), 2)).toBe(true);
  });

  test('F66 what a newer minor version keeps in its rows is there after an older one wrote them', async () => {
    await using world = await RealWorld.begin({}, stores);
    const engine = await world.engine();
    await engine.getToken('crm');
    const later = { name: 'of the next version', list: [1, { two: true }] };
    await rowsOf(world, 'account', (body) => {
      const { guard } = body as { guard: object };
      return { ...body, later, guard: { ...guard, later } };
    });
    await rowsOf(world, 'budget', (body) => ({ ...body, later }));
    await viewEnds();
    await whenAllowed(() => engine.renew('crm'));
    await whenAllowed(() => engine.login('crm'));
    const [account] = await rowsOf(world, 'account');
    expect(JSON.parse(account?.body ?? '')).toMatchObject({
      generation: 3,
      later,
      guard: { later },
    });
    const budgets = await rowsOf(world, 'budget');
    expect(budgets.length).toBeGreaterThan(0);
    for (const { body } of budgets) expect(JSON.parse(body)).toMatchObject({ later });
  });
});
