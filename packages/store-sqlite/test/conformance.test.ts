import { join } from 'node:path';
import { test } from '@jest/globals';
import { systemClock } from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { testTokenStore } from '@tokenkeep/testing/conformance';
import { histories, timeLimitMs } from '../../../test/property-runs.js';
import { tempFolders } from './temp-folder.js';

const tempFolder = tempFolders();

testTokenStore({
  test,
  time: 'by hand',
  stories: histories.numRuns,
  limitMs: timeLimitMs,
  factory: async ({ boot }) => {
    const path = join(tempFolder(), 'tokens.db');
    return () => sqliteStore({ path, clock: { ...systemClock(), boot } });
  },
});
