import { expect, test } from '@jest/globals';
import { postgresStore } from '@tokenkeep/store-postgres';
import { change } from '@tokenkeep/testing/conformance';
import { describeWithPostgres } from './private-server.js';

describeWithPostgres('writes of several rows on PostgreSQL', (server) => {
  test('sixteen at once, in opposite orders, with rows that are new and rows that are not, never stand still', async () => {
    const store = postgresStore({
      url: server().url,
      schema: server.newSchema(),
      maxConnections: 16,
    });
    await store.open();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    await store.write(ids.map((id) => change(id)));
    for (let round = 0; round < 40; round += 1) {
      const versions = new Map<string, number>();
      for (const { id, version } of await store.list('account', undefined, 1_000)) {
        versions.set(id, version);
      }
      const order = [...ids, `new-${round}`];
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, index) => {
          const given = index % 2 === 0 ? order : [...order].reverse();
          return store.write(given.map((id) => change(id, { expected: versions.get(id) ?? 0 })));
        }),
      );
      expect(results.filter(({ written }) => written)).toHaveLength(1);
      const conflicts = results.map((result) => (result.written ? undefined : result.conflict));
      const first = conflicts.filter((_, index) => index % 2 === 0);
      // Each names the first of its own order: all of them are stale once one has won.
      expect([...new Set(first)].filter((id) => id !== undefined && id !== 'a')).toEqual([]);
    }
    const rows = await store.list('account', undefined, 1_000);
    expect(rows.filter(({ id }) => ids.includes(id)).map(({ version }) => version)).toEqual(
      ids.map(() => 41),
    );
    await store.close();
  });
});
