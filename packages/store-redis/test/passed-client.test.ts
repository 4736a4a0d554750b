import { expect, test } from '@jest/globals';
import { change } from '@tokenkeep/testing/conformance';
import { Redis } from 'ioredis';
import { describeOnRedis, privateRedis } from './private-redis.js';

describeOnRedis('a client that the host passes in', () => {
  const redis = privateRedis();

  test('leads to the same rows as its url, is not closed, and its key prefix is left out', async () => {
    const server = await redis.start();
    const client = new Redis(server.url, { keyPrefix: 'host:' });
    client.on('error', () => {});
    const own = await redis.opened({ url: server.url });
    const passed = await redis.opened({ client });
    await own.write([change('a')]);
    expect((await passed.read('account', 'a')).row?.version).toBe(1);
    await passed.close();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  test('and its database are taken over', async () => {
    const server = await redis.start();
    const client = new Redis(server.url, { db: 3, lazyConnect: true });
    const passed = await redis.opened({ client });
    await passed.write([change('a')]);
    expect(passed.traits.location).toContain('/3 ');
    const other = await redis.opened({ url: server.url });
    expect((await other.read('account', 'a')).row).toBeUndefined();
    const same = await redis.opened({ url: `${server.url}/3` });
    expect((await same.read('account', 'a')).row?.version).toBe(1);
    expect(client.status).toBe('wait');
  });
});
