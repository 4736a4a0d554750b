import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { redisStore } from '@tokenkeep/store-redis';
import { Cluster, Redis } from 'ioredis';

const url = 'redis://tokens:hunter2@redis.test:6380/3';

function refusal(options: unknown): string {
  try {
    redisStore(options as never);
  } catch (error) {
    if (!TokenError.is(error, 'CONFIGURATION_INVALID')) throw error;
    expect(inspect(error)).not.toContain('hunter2');
    return error.message;
  }
  throw new Error('These options were to be refused');
}

describe('options of a Redis store', () => {
  test('say where it is, without the password', () => {
    expect(redisStore({ url }).traits).toEqual({
      name: 'redis',
      location: 'redis.test:6380/3 with prefix tokenkeep',
      durable: true,
      sharedBy: 'fleet',
      steadyClock: false,
      weaknessesAccepted: false,
    });
    const lenient = redisStore({ url: 'rediss://[::1]', prefix: 'a/b', whenNotDurable: 'warn' });
    expect(lenient.traits.location).toBe('[::1]:6379/0 with prefix a/b');
    expect(lenient.traits.weaknessesAccepted).toBe(true);
  });

  test('of clients say where they lead', () => {
    const lazyConnect = true;
    const single = new Redis({ host: 'one.test', password: 'hunter2', lazyConnect });
    const socket = new Redis({ path: '/run/redis.sock', lazyConnect });
    const guarded = new Redis({
      sentinels: [{ host: 's1.test', port: 26379 }],
      name: 'tokens',
      sentinelPassword: 'hunter2',
      lazyConnect,
    });
    const cluster = new Cluster(['redis://:hunter2@c1.test:7000', { host: 'c2.test' }, 7002], {
      lazyConnect,
    });
    const locations = [single, socket, guarded, cluster].map(
      (client) => redisStore({ client }).traits.location.split(' with ')[0],
    );
    expect(locations).toEqual([
      'one.test:6379/0',
      '/run/redis.sock/0',
      'tokens of sentinels s1.test:26379, database 0',
      'cluster of c1.test:7000, c2.test:6379, localhost:7002',
    ]);
  });

  test('that are missing or unknown are named', () => {
    for (const none of [undefined, null, 7, {}, { prefix: 'a' }]) {
      expect(refusal(none)).toBe('redisStore wants a server: either { url } or { client }.');
    }
    expect(refusal({ url, client: new Redis({ lazyConnect: true }) })).toContain('either { url }');
    expect(refusal(url)).toBe('redisStore wants its URL by name: redisStore({ url }).');
    expect(refusal({ url, timeout: 5 })).toBe(
      'redisStore has no option "timeout". Its options are url, client, prefix, escrowFolder, timeoutMs, whenNotDurable, waitForReplicas, fsync.',
    );
  });

  test.each([
    [6379, 'is no text'],
    ['', 'cannot be read'],
    ['hunter2@redis.test:6379', 'cannot be read'],
    ['redis://:hunter2@redis.test:port', 'cannot be read'],
    ['http://:hunter2@redis.test', 'has another protocol'],
    ['redis:hunter2', 'names no host'],
    ['redis://:hunter2@redis.test?db=1', 'has a query'],
    ['redis://:hunter2@redis.test/zero', 'has a path that is no database number'],
    ['redis://:hunter2%@redis.test', 'has a user or a password with a %'],
  ])('a wrong url is refused, and nothing of it is repeated: %s', (wrong, what) => {
    const message = refusal({ url: wrong });
    expect(message).toContain(`this url ${what}`);
    expect(message).toContain('redis://[user[:password]@]host[:port][/database]');
    expect(message).not.toContain('redis.test');
  });

  test('of a wrong kind are refused with what they should be', () => {
    expect(refusal({ url, prefix: '{a}' })).toContain('prefix is a text of letters, digits and');
    expect(refusal({ url, prefix: '' })).toContain('prefix is');
    expect(refusal({ url, timeoutMs: 0 })).toContain('timeoutMs is a number of milliseconds above');
    expect(refusal({ url, timeoutMs: '5' })).toContain('got a string');
    expect(refusal({ url, waitForReplicas: -1 })).toContain('waitForReplicas is a number of');
    expect(refusal({ url, whenNotDurable: 'ignore' })).toContain("is 'refuse' or 'warn'");
    expect(refusal({ url, fsync: 'always' })).toContain("fsync is 'server' or 'waitaof'");
    expect(refusal({ client: { get() {} } })).toContain('a Redis or a Cluster of ioredis, got an');
  });

  test('a store shows no password to whoever looks into it', () => {
    const client = new Redis({ host: 'one.test', password: 'hunter2', lazyConnect: true });
    for (const store of [redisStore({ url }), redisStore({ client })]) {
      const shown = inspect(store, { depth: 9, showHidden: true }) + JSON.stringify(store);
      expect(shown).not.toContain('hunter2');
    }
  });
});
