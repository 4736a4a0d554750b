import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RedisServer } from '@tokenkeep/servers';
import { redisStore } from '@tokenkeep/store-redis';
import { change, testTokenStore } from '@tokenkeep/testing/conformance';
import { Cluster } from 'ioredis';
import { histories, timeLimitMs } from '../../../test/property-runs.js';
import { describeOnRedis, failure, privateRedis } from './private-redis.js';

describeOnRedis('the store contract on a Redis cluster', () => {
  const redis = privateRedis();
  let server: RedisServer;
  let client: Cluster;
  let places = 0;

  beforeAll(async () => {
    server = await redis.start({
      'cluster-enabled': 'yes',
      'cluster-announce-ip': '127.0.0.1',
    });
    const node = redis.client(server);
    await node.cluster('ADDSLOTSRANGE', 0, 16_383);
    while (!(await node.cluster('INFO')).includes('cluster_state:ok')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    client = new Cluster([{ host: '127.0.0.1', port: server.port }], {
      redisOptions: { password: server.password },
    });
    client.on('error', () => {});
  });
  afterAll(() => client?.disconnect());

  testTokenStore({
    test,
    stories: Math.ceil(histories.numRuns / 5),
    limitMs: timeLimitMs,
    factory: async () => {
      places += 1;
      const prefix = `place-${places}`;
      return () => redisStore({ client, prefix });
    },
  });

  test('all keys of a store are in one slot', async () => {
    const store = await redis.opened({ client, prefix: 'slots' });
    const { ms } = await store.now();
    await store.write([change('a', { due: ms }), change('{b}', { kind: 'budget' })]);
    const keys = await redis.client(server).keys('{slots}:*');
    expect(keys.sort()).toEqual(
      ['bodies', 'clock', 'due', 'heads', 'identity', 'ids', 'schema'].map(
        (name) => `{slots}:${name}`,
      ),
    );
    const slots = await Promise.all(
      keys.map((key) => redis.client(server).cluster('KEYSLOT', key)),
    );
    expect(new Set(slots).size).toBe(1);
  });

  test('a node that fails is an outage, and its rows are back when it is', async () => {
    const store = await redis.opened({ client, prefix: 'outage', timeoutMs: 3_000 });
    await store.write([change('a')]);
    await server.kill();
    const refusal = { code: 'STORE_UNAVAILABLE', retryable: true };
    expect(await failure(store.write([change('b')]))).toMatchObject(refusal);
    expect(await failure(store.read('account', 'a'))).toMatchObject(refusal);
    await server.restart();
    const node = redis.client(server);
    while (!(await node.cluster('INFO')).includes('cluster_state:ok')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await store.read('account', 'a')).row?.version).toBe(1);
    expect(await store.write([change('a', { expected: 1 })])).toMatchObject({ written: true });
  });
});
