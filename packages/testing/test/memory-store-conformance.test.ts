import { test } from '@jest/globals';
import { memoryStore } from '@tokenkeep/core';
import { testTokenStore } from '@tokenkeep/testing/conformance';
import { histories, timeLimitMs } from '../../../test/property-runs.js';

testTokenStore({
  test,
  time: 'by hand',
  stories: histories.numRuns,
  limitMs: timeLimitMs,
  factory: async (clock) => {
    const store = memoryStore(clock);
    return () => store;
  },
});
