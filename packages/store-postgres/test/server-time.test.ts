import { expect, test } from '@jest/globals';
import { postgresStore } from '@tokenkeep/store-postgres';
import { change } from '@tokenkeep/testing/conformance';
import { describeWithPostgres, sql } from './private-server.js';

const hourMs = 3_600_000;

describeWithPostgres('time on PostgreSQL', (server) => {
  /** The server's clock cannot be set here, so the store's is: by what the store adds to it. */
  const opened = async (schema: string) => {
    const store = postgresStore({ url: server().url, schema });
    await store.open();
    return store;
  };
  const setClock = (schema: string, aheadMs: number) =>
    sql(server().url, `UPDATE ${schema}.store SET ahead_ms = ${aheadMs}`);

  test('a server whose clock is set back takes nobody back, and the time goes on', async () => {
    const schema = server.newSchema();
    const [one, other] = [await opened(schema), await opened(schema)];
    await setClock(schema, hourMs);
    const before = await one.now();
    await setClock(schema, 0);
    const after = await one.now();
    expect(after.ms).toBeGreaterThanOrEqual(before.ms);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The first client has told the others how far they would be behind.
    expect((await other.now()).ms - before.ms).toBeGreaterThanOrEqual(48);
    expect((await one.now()).ms - before.ms).toBeGreaterThanOrEqual(48);
    await one.close();
    await other.close();
  });

  test('a client that starts after the clock was set back goes on from the latest row', async () => {
    const schema = server.newSchema();
    const first = await opened(schema);
    await setClock(schema, hourMs);
    const { time } = await first.write([change('a', { lease: { holder: 'me', ms: 1_000 } })]);
    await first.close();
    await setClock(schema, 0);
    const second = await opened(schema);
    expect((await second.now()).ms).toBeGreaterThanOrEqual(time.ms);
    await second.close();
  });

  test('a clock that is set back by less than a second makes the time stand still', async () => {
    const schema = server.newSchema();
    const store = await opened(schema);
    await setClock(schema, 900);
    const before = await store.now();
    await setClock(schema, 0);
    const { time } = await store.write([change('a', { lease: { holder: 'me', ms: 0.1 } })]);
    expect(time).toEqual(before);
    expect((await store.read('account', 'a')).row?.leaseUntil).toBe(time.ms + 0.1);
    const [row] = await sql(server().url, `SELECT ahead_ms FROM ${schema}.store`);
    expect(row.ahead_ms).toBe(0);
    await store.close();
  });
});
