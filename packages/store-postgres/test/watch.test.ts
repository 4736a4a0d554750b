import { expect, test } from '@jest/globals';
import { postgresStore } from '@tokenkeep/store-postgres';
import { change } from '@tokenkeep/testing/conformance';
import { describeWithPostgres, sql } from './private-server.js';

describeWithPostgres('watching on PostgreSQL', (server) => {
  test('only accounts that were written without a lease are told of, and only in their own schema', async () => {
    const { url } = server();
    const [schema, elsewhere] = [server.newSchema(), server.newSchema()];
    const store = postgresStore({ url, schema });
    const other = postgresStore({ url, schema: elsewhere });
    await store.open();
    await other.open();
    const told: string[] = [];
    await store.watch?.((id) => void told.push(id));
    await store.write([change('held', { lease: { holder: 'me', ms: 1 } })]);
    await store.write([change('a budget', { kind: 'budget' })]);
    await store.write([change('stale', { expected: 7 })]);
    await other.write([change('elsewhere')]);
    const long = 'x'.repeat(2_000);
    await store.write([change(long), change('last')]);
    while (!told.includes('last')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(told.sort()).toEqual(['last', long]);
    await store.close();
    await other.close();
  });

  test('close() ends what watches, and its connection', async () => {
    const { url, superuserUrl } = server();
    const store = postgresStore({ url, schema: server.newSchema() });
    await store.open();
    const watching = await store.watch?.(() => {});
    await store.watch?.(() => {});
    const listening = () =>
      sql(
        superuserUrl,
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()",
      );
    expect(await listening()).toHaveLength(2);
    await watching?.stop();
    await watching?.stop();
    await store.close();
    while ((await listening()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
