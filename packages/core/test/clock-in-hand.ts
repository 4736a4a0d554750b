import { ElapsedTime } from '../src/clock/elapsed-time.js';

/** A process's clock that stands still until a test moves it. */
export function clockInHand() {
  let nowMs = 0;
  const clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    boot: () => nowMs,
    sleep: async () => {},
    onResume: () => ({ [Symbol.dispose]: () => {} }),
  };
  return {
    clock,
    elapsed: new ElapsedTime(clock),
    now: () => nowMs,
    set: (ms: number) => {
      nowMs = ms;
    },
  };
}
