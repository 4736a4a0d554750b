import { expect, test } from '@jest/globals';
import { change } from '@tokenkeep/testing/conformance';
import { describeOnRedis, privateRedis } from './private-redis.js';

/** More than are sent before it is known whether anybody is due. */
const ids = Array.from({ length: 1_000 }, (_, index) => `row-${String(index).padStart(4, '0')}`);
const mine = { ids, holder: 'me', leaseMs: 60_000 };

describeOnRedis('a thousand accounts', () => {
  const redis = privateRedis();
  const fill = async (facts: (index: number) => Parameters<typeof change>[1]) => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    await Promise.all(ids.map((id, index) => store.write([change(id, facts(index))])));
    return { server, store };
  };

  test('are claimed earliest first, each once, however many are due', async () => {
    const { store } = await fill((index) => ({ due: 1_000 - index }));
    const claimed: string[] = [];
    for (let rows = -1; rows !== 0; ) {
      const answer = await store.claimDue({ ...mine, limit: 300 });
      rows = answer.rows.length;
      claimed.push(...answer.rows.map(({ id }) => id));
    }
    expect(claimed).toEqual(ids.toReversed());
    expect((await store.nextDue(ids)).due).toBe(1);
  });

  test('of others, due before one of these, hide neither who is due nor who is next', async () => {
    const { store } = await fill(() => ({ due: 5 }));
    const others = Array.from({ length: 500 }, (_, index) => `other-${index}`);
    expect(await store.nextDue(others)).toMatchObject({ due: undefined });
    expect((await store.claimDue({ ...mine, ids: others, limit: 9 })).rows).toEqual([]);
    await store.write([change('other-7', { due: 7 }), change('other-9', { due: 6.5 })]);
    expect((await store.nextDue(others)).due).toBe(6.5);
    const { rows } = await store.claimDue({ ...mine, ids: others, limit: 9 });
    expect(rows.map(({ id }) => id)).toEqual(['other-9', 'other-7']);
  });

  test('of which none is due or free are not sent to the server', async () => {
    const { server, store } = await fill((index) =>
      index === 3 ? { due: 1, lease: { holder: 'other', ms: 60_000 } } : { due: 2 ** 45 },
    );
    const client = redis.client(server);
    const received = async () =>
      Number(/total_net_input_bytes:(\d+)/.exec(await client.info('stats'))?.[1]);
    const before = await received();
    expect((await store.claimDue({ ...mine, limit: 9 })).rows).toEqual([]);
    expect((await store.nextDue(ids)).due).toBe(1);
    expect((await received()) - before).toBeLessThan(4_000);
    expect((await store.claimDue({ ...mine, ids: [...ids, ...ids], limit: 9 })).rows).toEqual([]);
  });
});
