import { expect, test } from '@jest/globals';
import { EventHub } from '../src/events/event-hub.js';
import type { StoreTime, TokenStore } from '../src/store/token-store.js';
import { WatchedStore } from '../src/store/watched-store.js';
import { clockInHand } from './clock-in-hand.js';

/** A process whose calls of the store take as long as is said, and hear what is said. */
function process() {
  const { clock, elapsed, now, set } = clockInHand();
  let answer: { readonly time: StoreTime; readonly tookMs: number };
  const store = {
    traits: {},
    now: async () => {
      set(now() + answer.tookMs);
      return answer.time;
    },
  } as unknown as TokenStore;
  const watched = new WatchedStore(store, elapsed, new EventHub(clock));
  return {
    watched,
    pass: (ms: number) => set(now() + ms),
    ask: (time: StoreTime, tookMs: number) => {
      answer = { time, tookMs };
      return watched.now();
    },
  };
}

const epoch = 1;

test("what the store's clock says lies between the two estimates", async () => {
  const { watched, ask, pass } = process();
  await ask({ epoch, ms: 1_000 }, 20);
  pass(500);
  expect(watched.earliest()).toEqual({ epoch, ms: 1_500 });
  expect(watched.estimate()).toEqual({ epoch, ms: 1_520 });
});

test('an answer that was two minutes on its way does not take the place of a closer look', async () => {
  const { watched, ask } = process();
  await ask({ epoch, ms: 1_000 }, 20);
  // It was made at the very end of the call, which the caller cannot know.
  await ask({ epoch, ms: 121_000 }, 120_000);
  expect(watched.estimate()).toEqual({ epoch, ms: 121_020 });
});

test('after hours a look that is a little less close is taken: clocks run apart', async () => {
  const { watched, ask, pass } = process();
  await ask({ epoch, ms: 1_000 }, 1);
  pass(3_600_000);
  await ask({ epoch, ms: 3_601_900 }, 50);
  expect(watched.earliest()).toEqual({ epoch, ms: 3_601_900 });
});

test.each([
  ['jumped ahead', { epoch, ms: 9_000_000 }],
  ['jumped back', { epoch, ms: -9_000_000 }],
  ['counts anew', { epoch: 2, ms: 130_000 }],
])('a store whose clock %s is believed at once, however slow it was', async (_what, time) => {
  const { watched, ask } = process();
  await ask({ epoch, ms: 10_000 }, 20);
  await ask(time, 120_000);
  expect(watched.earliest()).toEqual(time);
});
