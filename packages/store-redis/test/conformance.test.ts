import { afterAll, beforeAll, test } from '@jest/globals';
import { type RedisServer, startRedis } from '@tokenkeep/servers';
import { redisStore } from '@tokenkeep/store-redis';
import { testTokenStore } from '@tokenkeep/testing/conformance';
import { histories, timeLimitMs } from '../../../test/property-runs.js';
import { describeOnRedis } from './private-redis.js';

describeOnRedis('the store contract on Redis', () => {
  let server: RedisServer;
  let places = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  testTokenStore({
    test,
    stories: histories.numRuns,
    limitMs: timeLimitMs,
    factory: async () => {
      places += 1;
      const prefix = `place-${places}`;
      return () => redisStore({ url: server.url, prefix });
    },
  });
});
