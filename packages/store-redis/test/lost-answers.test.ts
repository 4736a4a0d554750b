import { expect, test } from '@jest/globals';
import type { TokenStore } from '@tokenkeep/core';
import { change } from '@tokenkeep/testing/conformance';
import { Cluster, Redis } from 'ioredis';
import { type CuttingProxy, cuttingProxy } from './cutting-proxy.js';
import { describeOnRedis, failure, privateRedis } from './private-redis.js';

describeOnRedis('a write whose answer is lost', () => {
  const redis = privateRedis();

  /** Judged by the server's own count of what it was sent. */
  async function showSentOnce(store: TokenStore, proxy: CuttingProxy, server: Redis) {
    await store.open();
    await store.write([change('before')]);
    await server.config('RESETSTAT');
    proxy.cutNextAnswer();
    expect(await failure(store.write([change('a')]))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('may be there or not'),
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const sent = async () =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await server.info('commandstats'))?.[1]);
    expect(await sent()).toBe(1);
    expect((await store.read('account', 'a')).row?.version).toBe(1);
    expect(await sent()).toBe(2);
    await store.close();
  }

  test('is an outage, was made once, and is not sent again', async () => {
    const server = await redis.start();
    const proxy = await cuttingProxy(() => server.port);
    const url = `redis://:${server.password}@127.0.0.1:${proxy.port}`;
    await showSentOnce(redis.newStore({ url }), proxy, redis.client(server));
    proxy.close();
  });

  test('is so over a client of the host that sends again what was lost', async () => {
    const server = await redis.start();
    const proxy = await cuttingProxy(() => server.port);
    const client = new Redis({
      port: proxy.port,
      password: server.password,
      autoResendUnfulfilledCommands: true,
      maxRetriesPerRequest: null,
    });
    client.on('error', () => {});
    await showSentOnce(redis.newStore({ client }), proxy, redis.client(server));
    client.disconnect();
    proxy.close();
  });

  test('is so in a cluster', async () => {
    let serverPort = 0;
    const proxy = await cuttingProxy(() => serverPort);
    const server = await redis.start({
      'cluster-enabled': 'yes',
      'cluster-announce-ip': '127.0.0.1',
      'cluster-announce-port': String(proxy.port),
    });
    serverPort = server.port;
    const node = redis.client(server);
    await node.cluster('ADDSLOTSRANGE', 0, 16_383);
    while (!(await node.cluster('INFO')).includes('cluster_state:ok')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const redisOptions = { password: server.password };
    const client = new Cluster([{ host: '127.0.0.1', port: proxy.port }], { redisOptions });
    client.on('error', () => {});
    await showSentOnce(redis.newStore({ client }), proxy, node);
    client.disconnect();
    const stranger = new Cluster([{ host: '127.0.0.1', port: proxy.port }], {
      redisOptions: { password: 'wrong-horse' },
      lazyConnect: true,
    });
    const error = await failure(redis.newStore({ client: stranger }).open());
    expect(error).toMatchObject({ reason: 'credentials_rejected' });
    proxy.close();
  });
});
