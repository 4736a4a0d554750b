import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import type { TokenStore } from '@tokenkeep/core';
import { change } from '@tokenkeep/testing/conformance';
import { describeOnRedis, failure, privateRedis } from './private-redis.js';

/** What the store's user may do, as the README states it. */
const rights =
  '+eval +evalsha +info +config|get +get +set +exists +time +hset +hget +hmget +zadd +zrem +zcard +zrange +zrangebylex +zmscore +publish +subscribe';

describeOnRedis('what Redis refuses', () => {
  const redis = privateRedis();

  test('a wrong password is said to be wrong, and not repeated', async () => {
    const server = await redis.start();
    for (const credentials of [':wrong-horse', 'nobody:wrong-horse', '']) {
      const store = redis.newStore({ url: `redis://${credentials}@127.0.0.1:${server.port}` });
      const error = await failure(store.open());
      expect(error).toMatchObject({
        code: 'STORE_MISCONFIGURED',
        reason: 'credentials_rejected',
        retryable: false,
      });
      expect(inspect([error, error.cause, store], { depth: 9 })).not.toMatch(/horse/);
    }
  });

  test('F57 I14 a password that is changed under an open store is an outage, and ends with it', async () => {
    const server = await redis.start();
    const client = redis.client(server);
    const store = await redis.opened({ url: server.url });
    await store.write([change('a')]);
    await client.config('SET', 'requirepass', 'another-horse');
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    // The first ones may still meet the connection that was cut.
    const reasons: (string | undefined)[] = [];
    while (reasons.at(-1) !== 'credentials_rejected' && reasons.length < 20) {
      const error = await failure(store.write([change('b')]));
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      expect(inspect(error)).not.toMatch(/horse/);
      reasons.push(error.reason);
    }
    expect(reasons.at(-1)).toBe('credentials_rejected');
    await client.config('SET', 'requirepass', server.password);
    expect(await store.write([change('b')])).toMatchObject({ written: true });
  });

  test('a database that the server does not have is not database 0', async () => {
    const server = await redis.start();
    const url = (database: number) => `${server.url}/${database}`;
    const error = await failure(redis.newStore({ url: url(99) }).open());
    expect(error).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'no_database' });
    expect(error.message).toMatch(/no database 99\..*prefix/);
    const [first, second] = [
      await redis.opened({ url: url(1) }),
      await redis.opened({ url: url(2) }),
    ];
    await first.write([change('a')]);
    expect((await second.read('account', 'a')).row).toBeUndefined();
  });

  test('TLS to a server that speaks none ends in time, with words that say so', async () => {
    const server = await redis.start();
    const url = server.url.replace('redis:', 'rediss:');
    const error = await failure(redis.newStore({ url, timeoutMs: 500 }).open());
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'no_tls', retryable: true });
    expect(error.message).toMatch(/TLS .*redis:\/\//);
    expect(inspect(error)).not.toMatch(/horse/);
  });

  test('a user with the rights of the README can do everything', async () => {
    const server = await redis.start();
    const url = await userOf(server, 'tokens', `~{tokenkeep}:* &{tokenkeep}:* ${rights}`);
    const store = await redis.opened({ url });
    const { ms } = await store.now();
    const watching = await store.watch?.(() => {});
    await store.write([change('a', { due: ms }), change('b', { kind: 'budget' })]);
    const query = { ids: ['a'], holder: 'me', leaseMs: 1, limit: 1 };
    expect((await store.claimDue(query)).rows).toHaveLength(1);
    const many = Array.from({ length: 300 }, (_, index) => `row-${index}`);
    await store.claimDue({ ...query, ids: many });
    await store.upcoming({ due: 0, id: '' }, 9);
    await store.list('account', undefined, 9);
    await store.write([change('a', { expected: 2 })]);
    await watching?.stop();
  });

  test('a user who lacks a right is refused at the start, with what is needed', async () => {
    const server = await redis.start();
    const needed = rights.split(' ').filter((right) => !/config|publish|subscribe/.test(right));
    for (const [index, right] of needed.entries()) {
      // A new store is made with `set`, and an old one opened without.
      const own = `~{p${index}}:* &* ${rights} ${right.replace('+', '-')}`;
      const store = redis.newStore({
        url: await userOf(server, `user-${index}`, own),
        prefix: `p${index}`,
      });
      const error = await failure(store.open().then(() => Promise.reject(new Error(right))));
      expect(error).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'permission_denied' });
      expect(error.message).toContain('+evalsha');
    }
    const url = await userOf(server, 'elsewhere', `~other:* &* ${rights}`);
    const reason = 'permission_denied';
    expect(await failure(redis.newStore({ url }).open())).toMatchObject({ reason });
  });

  test('keys of another program are left alone', async () => {
    const server = await redis.start();
    const client = redis.client(server);
    const refusal = { code: 'STORE_MISCONFIGURED', reason: 'foreign_keys' };
    const spoil = [
      (key: string) => client.set(`${key}:schema`, 'theirs'),
      (key: string) => client.lpush(`${key}:schema`, 'theirs'),
      (key: string) => client.set(`${key}:heads`, 'theirs'),
      (key: string) => client.hset(`${key}:due`, 'theirs', '1'),
      (key: string) => client.zadd(`${key}:ids`, 1, 'theirs'),
    ];
    for (const [index, put] of spoil.entries()) {
      const prefix = `spoilt-${index}`;
      await put(`{${prefix}}`);
      const store = redis.newStore({ url: server.url, prefix });
      const error = await failure(store.open());
      expect(error).toMatchObject(refusal);
      expect(error.message).toContain('Choose another "prefix"');
      expect(error.message).not.toContain('theirs');
      expect(await client.keys(`{${prefix}}:*`)).toHaveLength(1);
    }
  });

  test('F66 a newer schema is refused at open, and stops a running store', async () => {
    const server = await redis.start();
    const client = redis.client(server);
    const store = await redis.opened({ url: server.url });
    await store.write([change('a')]);
    await client.set('{tokenkeep}:schema', '2');
    const refusal = { code: 'STORE_SCHEMA_NEWER', message: expect.stringContaining('schema 2') };
    expect(await failure(store.read('account', 'a'))).toMatchObject(refusal);
    expect(await failure(store.write([change('b')]))).toMatchObject(refusal);
    expect(await failure(redis.newStore({ url: server.url }).open())).toMatchObject(refusal);
    expect(await client.hlen('{tokenkeep}:heads')).toBe(1);
  });

  test('a full memory refuses writes as a whole, tells what to raise, and still reads', async () => {
    const server = await redis.start();
    const client = redis.client(server);
    const store = await redis.opened({ url: server.url });
    const { ms } = await store.now();
    await store.write([change('a', { due: ms })]);
    const before = await client.dump('{tokenkeep}:heads');
    await client.config('SET', 'maxmemory', '1mb');
    const query = { ids: ['a'], holder: 'me', leaseMs: 1, limit: 1 };
    for (const call of [
      () => store.write([change('a', { expected: 1, body: '"secret"' }), change('b')]),
      () => store.claimDue(query),
    ]) {
      const error = await failure(call());
      expect(error).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        reason: 'out_of_memory',
        retryable: true,
        message: expect.stringContaining('Raise maxmemory'),
      });
      expect(inspect(error)).not.toContain('secret');
    }
    expect((await store.read('account', 'a')).row?.version).toBe(1);
    expect(await client.dump('{tokenkeep}:heads')).toBe(before);
    expect(await client.exists('{tokenkeep}:bodies', '{tokenkeep}:due')).toBe(2);
    await client.config('SET', 'maxmemory', '0');
    expect(await store.write([change('b')])).toMatchObject({ written: true });
  });

  test('S18 no error carries anything of a row, whatever the server says about it', async () => {
    const server = await redis.start();
    const client = redis.client(server);
    const secret = 'sealed-row-of-somebody';
    const harm: Record<string, (key: string) => Promise<unknown>> = {
      'heads are no hash': (key) =>
        client.multi().del(`${key}:heads`).set(`${key}:heads`, secret).exec(),
      'due is no set': (key) => client.multi().del(`${key}:due`).set(`${key}:due`, secret).exec(),
      'ids are no set': (key) => client.multi().del(`${key}:ids`).set(`${key}:ids`, secret).exec(),
      'a head is damaged': (key) => client.hset(`${key}:heads`, `account:${secret}`, secret),
      'the clock is damaged': (key) => client.hset(`${key}:clock`, 'ahead', 'NaN', 'told', secret),
    };
    for (const [index, spoil] of Object.values(harm).entries()) {
      const prefix = `spoilt-${index}`;
      const store = await redis.opened({ url: server.url, prefix });
      await store.write([change(secret, { due: 1, body: JSON.stringify(secret) })]);
      await spoil(`{${prefix}}`);
      const errors = await failuresOf(store, secret);
      expect(errors.length).toBeGreaterThan(0);
      expect(inspect(errors, { depth: 9, showHidden: true })).not.toContain(secret);
      // Refused as a whole: the body of before is there.
      expect(await client.hget(`{${prefix}}:bodies`, `account:${secret}`)).toContain(secret);
    }
  });

  async function userOf(server: { port: number; url: string }, name: string, may: string) {
    const client = redis.client(server as never);
    await client.acl('SETUSER', name, 'reset', 'on', '>horse', ...may.split(' '));
    return `redis://${name}:horse@127.0.0.1:${server.port}`;
  }
});

async function failuresOf(store: TokenStore, id: string): Promise<unknown[]> {
  const query = { ids: [id], holder: 'me', leaseMs: 1, limit: 1 };
  const results = await Promise.allSettled([
    store.read('account', id),
    store.list('account', undefined, 9),
    store.claimDue(query),
    store.upcoming(undefined, 9),
    store.write([change(id, { expected: 1, due: 5, body: '"new"' })]),
  ]);
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
}
