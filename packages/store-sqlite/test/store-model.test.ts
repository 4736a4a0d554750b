import { join } from 'node:path';
import { describe, test } from '@jest/globals';
import { memoryStore, systemClock } from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { histories, timeLimitMs } from '../../../test/property-runs.js';
import { storeModelRules } from './store-model-rules.js';
import { tempFolders } from './temp-folder.js';

const tempFolder = tempFolders();
const limitMs = timeLimitMs;

describe('the memory store', () => {
  storeModelRules({
    test,
    runs: histories,
    limitMs,
    factory: async (clock) => {
      const store = memoryStore(clock);
      return [store, store];
    },
  });
});

describe('the SQLite store', () => {
  storeModelRules({
    test,
    runs: histories,
    limitMs,
    factory: async (clock) => {
      const path = join(tempFolder(), 'tokens.db');
      const client = async () => {
        const store = sqliteStore({ path, clock: { ...systemClock(), boot: clock.boot } });
        await store.open();
        return store;
      };
      return [await client(), await client()];
    },
  });
});
