import { expect, test } from '@jest/globals';
import type { StoredRow, TokenStore } from '@tokenkeep/core';
import { postgresStore } from '@tokenkeep/store-postgres';
import { change } from '@tokenkeep/testing/conformance';
import { describeWithPostgres } from './private-server.js';
import { Child, together } from './process/child-process.js';

describeWithPostgres('many processes on PostgreSQL', (server) => {
  const inStore = async <T>(
    schema: string,
    work: (store: TokenStore) => Promise<T>,
  ): Promise<T> => {
    const store = postgresStore({ url: server().url, schema });
    await store.open();
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  const rowsOf = (schema: string): Promise<readonly StoredRow[]> =>
    inStore(schema, (store) => store.list('account', undefined, 10_000));

  test('four processes open a new schema at once: one identity, nothing lost', async () => {
    const schema = server.newSchema();
    const answers = await together<{ identity: string }>(server().url, 4, 'openTogether', {
      schema,
    });
    expect(new Set(answers.map(({ identity }) => identity)).size).toBe(1);
    expect(await rowsOf(schema)).toHaveLength(4);
  });

  test('two processes never both win a version', async () => {
    const schema = server.newSchema();
    const versions = 300;
    type Answer = { won: number[] };
    const [one, two] = await together<Answer>(server().url, 2, 'race', { schema, versions });
    const won = [...(one?.won ?? []), ...(two?.won ?? [])].sort((a, b) => a - b);
    expect(won).toEqual(Array.from({ length: versions }, (_, index) => index + 1));
  });

  test('four processes count one row up 100 times each, and no increment is lost', async () => {
    const schema = server.newSchema();
    await together(server().url, 4, 'increment', { schema, times: 100 });
    expect(await rowsOf(schema)).toMatchObject([{ version: 400, body: '400' }]);
  });

  test('a due row is handed to one of four processes only', async () => {
    const schema = server.newSchema();
    const ids = Array.from({ length: 200 }, (_, index) => `account-${index}`);
    await inStore(schema, async (store) => {
      const { ms } = await store.now();
      await Promise.all(ids.map((id) => store.write([change(id, { due: ms })])));
    });
    type Answer = { claimed: { id: string; fence: number; version: number }[] };
    const answers = await together<Answer>(server().url, 4, 'claim', { schema, ids, limit: 3 });
    const claimed = answers.flatMap((answer) => answer.claimed);
    expect(claimed.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(claimed.every(({ fence, version }) => fence === 1 && version === 2)).toBe(true);
  });

  test('a row that is due and free is found by every claim, also while others write it', async () => {
    const schema = server.newSchema();
    await inStore(schema, async (store) => {
      const { ms } = await store.now();
      await store.write([change('hot', { due: ms })]);
      let isOver = false;
      const writing = (async () => {
        while (!isOver) {
          const { row } = await store.read('account', 'hot');
          const facts = { expected: row?.version ?? 0, due: ms, fence: row?.fence ?? 0 };
          await store.write([change('hot', facts)]);
        }
      })();
      type Answer = { nothing: number };
      const facts = { schema, times: 100 };
      const answers = await together<Answer>(server().url, 2, 'claimAlwaysDue', facts);
      isOver = true;
      await writing;
      expect(answers).toEqual([{ nothing: 0 }, { nothing: 0 }]);
    });
  });

  test('a process that is killed right after its write leaves the row behind', async () => {
    const schema = server.newSchema();
    const count = 5;
    for (let round = 0; round < count; round += 1) {
      await new Child(server().url, 'writeAndDie', { schema, id: `row-${round}` }).ended;
    }
    const rows = await rowsOf(schema);
    expect(rows.map(({ body }) => body)).toEqual(Array(count).fill('"survived"'));
  });

  test('a process that is killed in the middle of a write leaves both rows or none', async () => {
    const schema = server.newSchema();
    for (let round = 0; round < 5; round += 1) {
      const child = new Child(server().url, 'writePairs', { schema });
      await child.answer();
      await new Promise((resolve) => setTimeout(resolve, 20 + 13 * round));
      await child.kill();
    }
    await inStore(schema, async (store) => {
      const ids = async (kind: 'account' | 'budget') =>
        (await store.list(kind, undefined, 10_000)).map(({ id }) => id.split('-')[1]);
      expect(await ids('account')).toEqual(await ids('budget'));
      expect((await ids('account')).length).toBeGreaterThan(0);
      const next = change('left-000000', { expected: 1 });
      expect(await store.write([next])).toMatchObject({ written: true });
    });
  });

  test('a process that forgot to close a store that watches comes to its end all the same', async () => {
    const child = new Child(server().url, 'leaveOpen', { schema: server.newSchema() });
    await child.answer();
    child.go();
    await child.ended;
  }, 20_000);
});
