import { expect, test } from '@jest/globals';
import type { TokenStore, WriteResult } from '@tokenkeep/core';
import { postgresStore } from '@tokenkeep/store-postgres';
import { change } from '@tokenkeep/testing/conformance';
import pg from 'pg';
import { describeWithPostgres } from './private-server.js';

const logged = { settings: { log_statement: 'all' } };

describeWithPostgres(
  'writes of one row each that are wanted at one moment, on PostgreSQL',
  (server) => {
    let schema: string;
    const opened = async (): Promise<TokenStore> => {
      schema = server.newSchema();
      const store = postgresStore({ url: server().url, schema });
      await store.open();
      return store;
    };
    const names = Array.from({ length: 200 }, (_, index) => `row-${index}`);
    const writeEach = (store: TokenStore, ids: readonly string[], expected = 0) =>
      Promise.all(ids.map((id) => store.write([change(id, { expected })])));
    const written = (results: readonly WriteResult[]) => results.filter((each) => each.written);

    /** Rows that somebody else has locked, until the returned function is called. */
    const locked = async (...ids: readonly string[]) => {
      const client = new pg.Client({ connectionString: server().superuserUrl });
      await client.connect();
      await client.query('BEGIN');
      await client.query(`SELECT 1 FROM ${schema}.rows WHERE id = ANY ($1) FOR UPDATE`, [ids]);
      return async () => {
        await client.query('ROLLBACK');
        await client.end();
      };
    };

    test('200 take fewer than ten statements, and all are there', async () => {
      const store = await opened();
      const before = statementsIn(server().log());
      expect(written(await writeEach(store, names))).toHaveLength(200);
      expect(statementsIn(server().log()) - before).toBeLessThan(10);
      const rows = await store.list('account', undefined, 1_000);
      expect(rows.map(({ id, version }) => [id, version])).toEqual(
        [...names].sort().map((id) => [id, 1]),
      );
      await store.close();
    });

    test('each is judged for itself: what is stale is, and its neighbours are written', async () => {
      const store = await opened();
      await writeEach(store, names.slice(0, 100));
      const results = await writeEach(store, names);
      const conflicts = results.map((each) => (each.written ? undefined : each.conflict));
      expect(conflicts).toEqual(names.map((id, index) => (index < 100 ? id : undefined)));
      await store.close();
    });

    test('of two changes of one row in one statement, the second is stale', async () => {
      const store = await opened();
      const twice = names.slice(0, 50).flatMap((id) => [id, id]);
      const results = await writeEach(store, twice);
      expect(results.map((each) => each.written)).toEqual(twice.map((_, index) => index % 2 === 0));
      await store.close();
    });

    test('a row that somebody has locked holds up itself, and none that shares its statement', async () => {
      const store = await opened();
      await writeEach(store, names);
      const release = await locked('row-7');
      const others = names.filter((id) => id !== 'row-7');
      const late = names.map((id) => store.write([change(id, { expected: 1 })]));
      const passed = await Promise.all(late.filter((_, index) => names[index] !== 'row-7'));
      expect(written(passed)).toHaveLength(others.length);
      await release();
      expect(await late[7]).toMatchObject({ written: true });
      await store.close();
    });

    test('two that wait for locks leave the way free for the third', async () => {
      const store = await opened();
      await writeEach(store, names.slice(0, 3));
      const release = await locked('row-0', 'row-1');
      let ended = 0;
      const waiting = ['row-0', 'row-1'].map((id) =>
        store.write([change(id, { expected: 1 })]).finally(() => {
          ended += 1;
        }),
      );
      expect(await store.write([change('row-2', { expected: 1 })])).toMatchObject({
        written: true,
      });
      expect(ended).toBe(0);
      await release();
      expect(written(await Promise.all(waiting))).toHaveLength(2);
      await store.close();
    });

    test('what the server refuses fails alone', async () => {
      const store = await opened();
      const wrong = { ...change('wrong'), kind: 'nonsense' as 'account' };
      const results = await Promise.allSettled(
        [change('a'), change('b'), wrong, change('c')].map((each) => store.write([each])),
      );
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      await store.close();
    });
  },
  logged,
);

function statementsIn(log: string): number {
  return log.split('write_one(').length - 1;
}
