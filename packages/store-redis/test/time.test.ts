import { expect, test } from '@jest/globals';
import { change } from '@tokenkeep/testing/conformance';
import { describeOnRedis, privateRedis } from './private-redis.js';

const hourMs = 3_600_000;
const clock = '{tokenkeep}:clock';

describeOnRedis('the time of a store on Redis', () => {
  const redis = privateRedis();

  test('goes on from the latest time told when the clock of the server is behind it', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    const other = await redis.opened({ url: server.url });
    const { ms } = await store.now();
    // As if the server's clock had been set back by an hour since.
    await redis.client(server).hset(clock, 'told', ms + hourMs);
    const later = await other.now();
    expect(later.ms).toBeGreaterThanOrEqual(ms + hourMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const latest = (await store.now()).ms;
    expect(latest - later.ms).toBeGreaterThanOrEqual(45);
    expect(latest - later.ms).toBeLessThan(10_000);
    // It is still so after a crash, though nothing but the difference was written down.
    await server.kill();
    await server.restart();
    const third = await redis.opened({ url: server.url });
    expect((await third.now()).ms).toBeGreaterThanOrEqual(latest);
  });

  test('does not go back for a client whose server has lost what it told', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    await redis.client(server).hset(clock, 'told', (await store.now()).ms + hourMs);
    const { ms } = await store.now();
    // As when a replica takes over that has not got the last changes.
    await redis.client(server).hset(clock, 'told', 0, 'ahead', 0);
    expect((await store.now()).ms).toBeGreaterThanOrEqual(ms);
  });

  test('costs the disk nothing when rows are read', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    await store.write([change('a')]);
    const client = redis.client(server);
    const logged = async () => /aof_current_size:(\d+)/.exec(await client.info('persistence'))?.[1];
    const before = await logged();
    for (let n = 0; n < 20; n += 1) {
      await store.read('account', 'a');
      await store.now();
      await store.claimDue({ ids: ['a'], holder: 'me', leaseMs: 1, limit: 1 });
      await store.upcoming({ due: 0, id: '' }, 1);
      await store.list('account', undefined, 9);
      await store.write([change('a')]);
    }
    expect(await logged()).toBe(before);
    expect(Number(await client.hget(clock, 'told'))).toBeGreaterThan(0);
  });

  test('ends leases that are no round numbers exactly', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    const lengths = [0.1, 90_000, 1e-3, 12_345.678, 2 ** 40 + 0.5];
    for (const [index, ms] of lengths.entries()) {
      const id = `row-${index}`;
      const due = 1;
      const { time } = await store.write([change(id, { due, lease: { holder: 'a', ms } })]);
      expect((await store.read('account', id)).row?.leaseUntil).toBe(time.ms + ms);
    }
    await store.write([change('free', { due: 0.1 })]);
    const query = { ids: ['free'], holder: 'b c\n', leaseMs: 1234.56789, limit: 1 };
    const { rows, time } = await store.claimDue(query);
    expect(rows).toMatchObject([
      { due: 0.1, holder: 'b c\n', leaseUntil: time.ms + 1234.56789, version: 2, fence: 1 },
    ]);
  });
});
