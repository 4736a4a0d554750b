import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TokenEvents } from '@tokenkeep/core';
import { type StoreServer, storeKinds } from '@tokenkeep/servers';
import { Client } from 'pg';
import { describeStores } from '../describe-stores.js';
import { RealWorld, whenAllowed } from './processes/real-world.js';

describeStores(
  storeKinds.filter(({ name }) => name === 'PostgreSQL'),
  ({ start }) => {
    let stores: StoreServer;
    beforeAll(async () => {
      stores = await start();
    });
    afterAll(() => stores.stop());

    test('F61 one row that an operator has locked stops its account, and is no outage of the store', async () => {
      await using world = await RealWorld.begin({ accounts: ['crm', 'erp'] }, stores);
      const engine = await world.engine();
      const outages: TokenEvents['store:unavailable'][] = [];
      engine.on('store:unavailable', (event) => outages.push(event));
      for (const key of ['crm', 'erp']) await engine.getToken(key);
      const asked = world.tokenRequests.length;

      const operator = new Client({ connectionString: stores.url });
      operator.on('error', () => {});
      await operator.connect();
      const schema = world.store.kind === 'postgres' ? world.store.schema : '';
      await operator.query('BEGIN');
      await operator.query(`SELECT 1 FROM ${schema}.rows WHERE id = 'crm-api/crm' FOR UPDATE`);
      await expect(engine.renew('crm')).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        reason: 'row_locked',
        account: 'crm-api/crm',
        retryable: true,
      });
      expect(world.tokenRequests).toHaveLength(asked);
      expect((await engine.getToken('crm')).generation).toBe(1);
      expect((await whenAllowed(() => engine.renew('erp'))).generation).toBe(2);
      expect(outages).toEqual([]);
      expect(engine.health().store.reachable).toBe(true);

      await operator.query('ROLLBACK');
      await operator.end();
      expect((await whenAllowed(() => engine.renew('crm'))).generation).toBe(2);
    });
  },
);
