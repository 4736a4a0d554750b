import { test } from '@jest/globals';
import { postgresStore } from '@tokenkeep/store-postgres';
import { testTokenStore } from '@tokenkeep/testing/conformance';
import { histories, timeLimitMs } from '../../../test/property-runs.js';
import { describeWithPostgres } from './private-server.js';

describeWithPostgres('the store on PostgreSQL keeps the contract', (server) => {
  testTokenStore({
    test,
    stories: histories.numRuns,
    limitMs: timeLimitMs,
    factory: async () => {
      const { url } = server();
      const schema = server.newSchema();
      return () => postgresStore({ url, schema });
    },
  });
});
