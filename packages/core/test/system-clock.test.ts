import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { systemClock } from '../src/clock/system-clock.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a sleep', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test.each([30 * DAY, 365 * DAY, 2 ** 31 + 5])(
    'F01 of %d ms ends then, and arms no timer of more than 6 h',
    async (ms) => {
      const armed = jest.spyOn(globalThis, 'setTimeout');
      let ended = false;
      const slept = systemClock()
        .sleep(ms)
        .then(() => {
          ended = true;
        });
      await jest.advanceTimersByTimeAsync(ms - 1_000);
      expect(ended).toBe(false);
      await jest.advanceTimersByTimeAsync(1_001);
      await slept;
      const longest = Math.max(...armed.mock.calls.map(([, delay = 0]) => delay));
      expect(longest).toBeLessThanOrEqual(6 * HOUR);
    },
  );

  test('can be ended from outside, and leaves no timer behind', async () => {
    const stop = new AbortController();
    const slept = systemClock().sleep(Number.POSITIVE_INFINITY, stop.signal);
    slept.catch(() => {});
    stop.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    expect(jest.getTimerCount()).toBe(0);
  });

  test.each([0, -5, 0.4])('of %d ms ends soon', async (ms) => {
    const slept = systemClock().sleep(ms);
    await jest.advanceTimersByTimeAsync(1);
    await expect(slept).resolves.toBeUndefined();
  });
});
