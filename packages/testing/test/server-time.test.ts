import { expect, test } from '@jest/globals';
import { serverTime } from '../src/server/server-time.js';

test('in real time, what a server does at once happens at one moment', async () => {
  const time = serverTime();
  const before = time.now();
  const busyUntil = performance.now() + 30;
  while (performance.now() < busyUntil);
  expect(time.now()).toBe(before);
  await Promise.resolve();
  expect(time.now()).toBeGreaterThanOrEqual(before + 29);
});
