import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { memoryStore, systemClock } from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { tempFolders } from './temp-folder.js';
import { tokenStoreRules } from './token-store-rules.js';

const tempFolder = tempFolders();

describe('the memory store', () => {
  tokenStoreRules({ test, expect, factory: async (clock) => memoryStore(clock) });
});

describe('the SQLite store', () => {
  tokenStoreRules({
    test,
    expect,
    factory: async (clock) => {
      const path = join(tempFolder(), 'tokens.db');
      const store = sqliteStore({ path, clock: { ...systemClock(), boot: clock.boot } });
      await store.open();
      return store;
    },
  });
});
