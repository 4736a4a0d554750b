import { expect, test } from '@jest/globals';
import type { DueEntry, DuePlace } from '@tokenkeep/core';
import { change } from '@tokenkeep/testing/conformance';
import { describeOnRedis, privateRedis } from './private-redis.js';

/** More than Lua hands to one command. */
const ids = Array.from({ length: 1_200 }, (_, index) => `row-${String(index).padStart(4, '0')}`);
const mine = { ids, holder: 'me', leaseMs: 60_000 };

describeOnRedis('a thousand accounts', () => {
  const redis = privateRedis();
  const filled = async (facts: (index: number) => Parameters<typeof change>[1]) => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    await Promise.all(ids.map((id, index) => store.write([change(id, facts(index))])));
    return store;
  };

  test('are claimed earliest first, each once, however many are due', async () => {
    const store = await filled((index) => ({ due: 2_000 - index }));
    const claimed: string[] = [];
    for (let rows = -1; rows !== 0; ) {
      const answer = await store.claimDue({ ...mine, limit: 300 });
      rows = answer.rows.length;
      claimed.push(...answer.rows.map(({ id }) => id));
    }
    expect(claimed).toEqual(ids.toReversed());
  });

  test('of others, due before one of these, do not hide who is due', async () => {
    const store = await filled(() => ({ due: 5 }));
    const others = Array.from({ length: 500 }, (_, index) => `other-${index}`);
    expect((await store.claimDue({ ...mine, ids: others, limit: 9 })).rows).toEqual([]);
    await store.write([change('other-7', { due: 7 }), change('other-9', { due: 6.5 })]);
    const { rows } = await store.claimDue({ ...mine, ids: others, limit: 9 });
    expect(rows.map(({ id }) => id)).toEqual(['other-9', 'other-7']);
  });

  test('that are due at one moment are one page, or many', async () => {
    const store = await filled(() => ({ due: 5 }));
    const { entries } = await store.upcoming(undefined, 2_000);
    expect(entries.map(({ id }) => id)).toEqual(ids);
    const seen: string[] = [];
    for (let after: DuePlace | undefined = { due: 5, id: '' }; after !== undefined; ) {
      const page: readonly DueEntry[] = (await store.upcoming(after, 17)).entries;
      seen.push(...page.map(({ id }) => id));
      after = page.at(-1);
    }
    expect(seen).toEqual(ids);
  });
});
