import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { type StoreServer, type StoreSettings, storeKinds } from '@tokenkeep/servers';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describeStores } from '../describe-stores.js';
import { RealWorld, whenAllowed } from './processes/real-world.js';

const mostRenewals = 4;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a caller and a renewal meet while their server goes away and comes back, again and again. */
async function meets(world: RealWorld, restart: () => Promise<void>) {
  const engine = await world.engine();
  await engine.getToken('crm');
  const served: number[] = [];
  const refused: string[] = [];
  let isOver = false;
  const ask = async () => {
    while (!isOver) {
      const token = await engine.getToken('crm');
      served.push(token.generation);
      await pause(10);
    }
  };
  const renew = async () => {
    // Not more often than the hourly cap of an account allows.
    for (let renewed = 0; !isOver; await pause(100)) {
      if (renewed === mostRenewals) continue;
      try {
        await engine.renew('crm');
        renewed += 1;
      } catch (error) {
        refused.push(TokenError.is(error) ? error.code : String(error));
      }
    }
  };
  const restarts = async () => {
    for (let round = 0; round < 4; round += 1) {
      await pause(500);
      await restart();
    }
    isOver = true;
  };
  await Promise.all([ask(), renew(), restarts()]);
  const token = await whenAllowed(() => engine.renew('crm'));
  return { served, refused, token };
}

const notTheAccounts = ['STORE_UNAVAILABLE', 'GUARD_REFUSED', 'WAIT_TIMED_OUT', 'TOKEN_REFUSED'];

describeStores(
  storeKinds.filter(({ name }) => name !== 'SQLite'),
  ({ name, start }) => {
    let stores: StoreServer;
    beforeAll(async () => {
      stores = await start();
    });
    afterAll(() => stores.stop());

    test('F61 while the server crashes every half second valid tokens are served, and no account is blamed', async () => {
      await using world = await RealWorld.begin({ rotation: { kind: 'strict' } }, stores);
      judge(world, await meets(world, () => stores.restart()));
    }, 60_000);

    test('F62 a server that was emptied is an outage, and not a store without accounts', async () => {
      await using world = await RealWorld.begin({}, stores);
      const engine = await world.engine();
      const { generation } = await engine.getToken('crm');
      const asked = world.tokenRequests.length;
      if (name === 'Redis') await emptiedRedis(stores.url);
      else await droppedSchema(world.store);
      await expect(engine.renew('crm')).rejects.toMatchObject({
        code: expect.stringMatching(/^STORE_/),
      });
      // The token at hand has not ended.
      expect((await engine.getToken('crm')).generation).toBe(generation);
      expect(world.tokenRequests).toHaveLength(asked);

      // Another process makes a new store in its place: in that one nothing of this process opens.
      const other = await world.engine();
      await other.getToken('crm');
      await expect(engine.renew('crm')).rejects.toMatchObject({ reason: 'another_store' });
      await expect(engine.login('crm')).rejects.toMatchObject({ reason: 'another_store' });
      expect((await whenAllowed(() => other.renew('crm'))).generation).toBe(2);
    });
  },
);

async function emptiedRedis(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

async function droppedSchema(store: StoreSettings): Promise<void> {
  if (store.kind !== 'postgres') return;
  const client = new Client(store.url);
  await client.connect();
  await client.query(`DROP SCHEMA ${store.schema} CASCADE`);
  await client.end();
}

function judge(
  world: RealWorld,
  { served, refused, token }: Awaited<ReturnType<typeof meets>>,
): void {
  expect(served.length).toBeGreaterThan(20);
  expect(served).toEqual(served.toSorted((a, b) => a - b));
  expect(new Set(refused.filter((code) => !notTheAccounts.includes(code)))).toEqual(new Set());
  expect(world.server.log.replays()).toEqual([]);
  expect(world.server.log.logins()).toHaveLength(1);
  expect(world.server.truth.family('crm')?.revoked).toBe(false);
  expect(token.reveal()).toBe(world.server.truth.current('crm')?.accessToken);
}
