import { expect, test } from '@jest/globals';
import { redisStore } from '@tokenkeep/store-redis';
import { change } from '@tokenkeep/testing/conformance';
import { describeOnRedis, failure, privateRedis } from './private-redis.js';

/** A master waits five seconds for more replicas before it copies its data to the first. */
const atOnce = { 'repl-diskless-sync-delay': '0' };

describeOnRedis('what a Redis server promises is checked at the start', () => {
  const redis = privateRedis();

  async function weaknessesWith(config: Record<string, string>): Promise<readonly string[]> {
    const server = await redis.start(config);
    const { traits } = await redis.opened({ url: server.url });
    await server.stop();
    return traits.weaknesses ?? ['they are not known'];
  }

  test('a server that writes down everything before it answers has no weakness', async () => {
    expect(await weaknessesWith({})).toEqual([]);
  });

  test('no log, a log once a second, or whenever the system likes, is a weakness', async () => {
    expect(await weaknessesWith({ appendonly: 'no' })).toEqual([
      expect.stringMatching(/keeps no log .* Set appendonly yes and appendfsync always\.$/),
    ]);
    expect(await weaknessesWith({ appendfsync: 'everysec' })).toEqual([
      expect.stringMatching(/\(appendfsync everysec\).* Set appendfsync always, or, /),
    ]);
    expect(await weaknessesWith({ appendfsync: 'no' })).toEqual([
      expect.stringMatching(/\(appendfsync no\).* Set appendfsync always\.$/),
    ]);
    expect(await weaknessesWith({ 'no-appendfsync-on-rewrite': 'yes' })).toEqual([
      expect.stringContaining('Set no-appendfsync-on-rewrite no.'),
    ]);
  });

  test('a replica that is not waited for is no weakness: nobody can see who would take over', async () => {
    const [master, replica] = [await redis.start(atOnce), await redis.start()];
    await redis.client(replica).replicaof('127.0.0.1', master.port);
    const client = redis.client(master);
    while (!(await client.info('replication')).includes('state=online')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const waitForReplicas of [0, 1]) {
      const store = await redis.opened({ url: master.url, waitForReplicas });
      expect(store.traits.weaknesses).toEqual([]);
    }
  });

  test('every policy that removes keys is a weakness', async () => {
    const server = await redis.start();
    for (const policy of ['allkeys-lru', 'allkeys-random', 'volatile-ttl']) {
      await redis.client(server).config('SET', 'maxmemory-policy', policy);
      const store = await redis.opened({ url: server.url });
      expect(store.traits.weaknesses).toEqual([
        expect.stringMatching(`maxmemory-policy ${policy}.*Set maxmemory-policy noeviction`),
      ]);
    }
  });

  test('what this user may not see is a weakness that says so', async () => {
    const server = await redis.start();
    const rights = ['on', '>secret', '~*', '&*', '+@all', '-config'] as const;
    await redis.client(server).acl('SETUSER', 'blind', ...rights);
    const url = `redis://blind:secret@127.0.0.1:${server.port}`;
    const store = await redis.opened({ url, whenNotDurable: 'warn' });
    expect(store.traits.weaknesses).toEqual([
      expect.stringContaining('does not let this user see whether writes are synced'),
    ]);
    expect(store.traits.weaknessesAccepted).toBe(true);
    await redis.client(server).config('SET', 'appendonly', 'no');
    const second = await redis.opened({ url });
    expect(second.traits.weaknesses).toEqual([expect.stringContaining('keeps no log of writes')]);
  });

  test('a replica is refused, and taken once it is the master', async () => {
    const [master, replica] = [await redis.start(), await redis.start()];
    const client = redis.client(replica);
    await client.replicaof('127.0.0.1', master.port);
    const store = redis.newStore({ url: replica.url });
    expect(await failure(store.open())).toMatchObject({
      code: 'STORE_MISCONFIGURED',
      reason: 'replica',
      message: expect.stringContaining('Give the address of the master'),
    });
    await client.replicaof('NO', 'ONE');
    await store.open();
    await store.write([change('a')]);
  });

  test('WAITAOF is refused where the server has none', async () => {
    const server = await redis.start({ appendfsync: 'everysec' });
    const client = redis.client(server);
    const store = redis.newStore({ url: server.url, fsync: 'waitaof' });
    if (((await client.command('INFO', 'waitaof')) as unknown[])[0] === null) {
      expect(await failure(store.open())).toMatchObject({
        code: 'STORE_MISCONFIGURED',
        reason: 'no_waitaof',
        message: expect.stringContaining('Set appendfsync to always'),
      });
    } else {
      await store.open();
      expect(store.traits.weaknesses).toEqual([]);
      expect(await store.write([change('a')])).toMatchObject({ written: true });
    }
  });

  test('a write counts once as many replicas have it as were asked for', async () => {
    const [master, replica] = [await redis.start(atOnce), await redis.start()];
    const client = redis.client(replica);
    await client.replicaof('127.0.0.1', master.port);
    await linked(() => client.info('replication'));
    const store = await redis.opened({ url: master.url, waitForReplicas: 1, timeoutMs: 2_000 });
    const { ms } = await store.now();
    expect(await store.write([change('a', { due: ms })])).toMatchObject({ written: true });
    expect(await client.hget('{tokenkeep}:bodies', 'account:a')).toBe('{}');
    const query = { ids: ['a'], holder: 'me', leaseMs: 60_000, limit: 1 };
    expect((await store.claimDue(query)).rows).toHaveLength(1);
    await replica.kill();
    expect(await failure(store.write([change('b')]))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'not_replicated',
      retryable: true,
      message: expect.stringContaining('0 of 1 replicas'),
    });
    expect((await store.read('account', 'b')).row?.version).toBe(1);
  });

  test('a store that was refused can be opened again, and is not open until then', async () => {
    const server = await redis.start();
    await server.kill();
    const store = redisStore({ url: server.url });
    expect(await failure(store.open())).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'no_connection',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await failure(store.now())).toMatchObject({ reason: 'not_open' });
    await server.restart();
    await store.open();
    await Promise.all([store.close(), store.close()]);
    await store.close();
    expect(await failure(store.now())).toMatchObject({ reason: 'not_open', retryable: false });
    await store.open();
    expect((await store.now()).epoch).toBe(1);
    await store.close();
  });
});

async function linked(info: () => Promise<string>): Promise<void> {
  while (!(await info()).includes('master_link_status:up')) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
