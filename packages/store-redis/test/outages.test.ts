import { kill } from 'node:process';
import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import type { TokenStore } from '@tokenkeep/core';
import { change } from '@tokenkeep/testing/conformance';
import { describeOnRedis, failure, privateRedis } from './private-redis.js';

describeOnRedis('a Redis server that fails', () => {
  const redis = privateRedis();

  test('and comes back has every acknowledged row, and the next call works', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    for (let round = 0; round < 3; round += 1) {
      await store.write([change(`row-${round}`)]);
      await server.kill();
      await server.restart();
      expect((await store.read('account', `row-${round}`)).row?.version).toBe(1);
    }
    expect(await store.list('account', undefined, 9)).toHaveLength(3);
  });

  test('in the middle of writes loses none that was acknowledged, and repeats none', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    const acknowledged: string[] = [];
    const failures: unknown[] = [];
    const write = async (id: string) => {
      try {
        await store.write([change(id)]);
        acknowledged.push(id);
      } catch (error) {
        failures.push(error);
      }
    };
    const writing = Array.from({ length: 20 }, async (_, writer) => {
      for (let n = 0; failures.length === 0; n += 1) await write(`row-${writer}-${n}`);
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await server.kill();
    await Promise.all(writing);
    expect(acknowledged.length).toBeGreaterThan(20);
    for (const error of failures) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    }
    expect(failures).toContainEqual(expect.objectContaining({ reason: 'connection_lost' }));
    await server.restart();
    const kept = await store.list('account', undefined, 100_000);
    expect(kept.map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged));
    expect(kept.filter(({ version }) => version !== 1)).toEqual([]);
  });

  test('and stays away is found out about at once, by every call', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    await server.kill();
    const since = performance.now();
    const refusal = { code: 'STORE_UNAVAILABLE', retryable: true };
    for (const call of callsOf(store)) expect(await failure(call())).toMatchObject(refusal);
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  test('and does not answer holds up a call for its time limit only', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url, timeoutMs: 300 });
    await store.write([change('a')]);
    kill(server.pid, 'SIGSTOP');
    const since = performance.now();
    expect(await failure(store.write([change('b')]))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'timeout',
      retryable: true,
    });
    for (const call of callsOf(store)) {
      expect(await failure(call())).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
    expect(performance.now() - since).toBeLessThan(8 * 900);
    kill(server.pid, 'SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await store.read('account', 'a')).row?.version).toBe(1);
    // What was sent and not answered may have been done, and is done once at most.
    const kept = await store.list('account', undefined, 9);
    expect(kept.every(({ version }) => version === 1)).toBe(true);
  });

  test('is asked again where it listens, once it is back', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    const told: string[] = [];
    const watching = await store.watch?.((id) => void told.push(id));
    await server.kill();
    await server.restart();
    for (let n = 0; told.length === 0 && n < 100; n += 1) {
      await store.write([change(`row-${n}`)]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(told[0]).toMatch(/^row-/);
    await watching?.stop();
  });

  test('has forgotten its scripts, which changes nothing', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    const client = redis.client(server);
    await store.write([change('a')]);
    await client.script('FLUSH');
    expect(await store.write([change('a', { expected: 1 })])).toMatchObject({ written: true });
    await client.script('FLUSH');
    expect((await store.read('account', 'a')).row?.version).toBe(2);
  });

  test('as a demoted master neither writes nor answers from the past', async () => {
    const [server, master] = [await redis.start(), await redis.start()];
    const store = await redis.opened({ url: server.url });
    await store.write([change('a')]);
    await redis.client(server).replicaof('127.0.0.1', master.port);
    for (const call of [() => store.write([change('b')]), () => store.read('account', 'a')]) {
      const error = await failure(call());
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      expect(inspect(error)).toContain('not_master');
    }
    await redis.client(server).replicaof('NO', 'ONE');
    expect(await store.write([change('c')])).toMatchObject({ written: true });
  });

  test('was emptied: the store says so and does not start from nothing', async () => {
    const server = await redis.start();
    const store = await redis.opened({ url: server.url });
    await store.write([change('a')]);
    await redis.client(server).flushall();
    for (const call of callsOf(store)) {
      expect(await failure(call())).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        reason: 'emptied',
        retryable: false,
      });
    }
    expect(await redis.client(server).keys('*')).toEqual([]);
  });
});

function callsOf(store: TokenStore): (() => Promise<unknown>)[] {
  const query = { ids: ['a'], holder: 'me', leaseMs: 1, limit: 1 };
  return [
    () => store.now(),
    () => store.identity(),
    () => store.read('account', 'a'),
    () => store.write([change('z')]),
    () => store.claimDue(query),
    () => store.upcoming(undefined, 1),
    () => store.list('account', undefined, 1),
  ];
}
