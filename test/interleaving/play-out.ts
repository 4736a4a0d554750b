import type { Scheduler } from 'fast-check';

/** More turns than any chain of promises between two things that the scheduler holds back. */
const MOST_TURNS = 100;

/**
 * Lets the scheduler take one step after the other until a promise settles. A promise that nothing
 * can settle any more is an error, not a test that hangs.
 *
 * `haste`: how many turns of the promises there are between two steps. With few of them, what one
 * step set in motion has not come to rest when the next is taken.
 */
export async function playOut<Value>(
  scheduler: Scheduler,
  promise: Promise<Value>,
  haste = 20,
): Promise<Value> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  for (;;) {
    for (let turn = 0; turn < haste && !settled; turn += 1) await undefined;
    for (let turn = 0; turn < MOST_TURNS && !settled; turn += 1) {
      if (scheduler.count() > 0) break;
      await undefined;
    }
    if (settled) return promise;
    if (scheduler.count() === 0) throw new Error('Nothing is left to happen, and it is pending.');
    await scheduler.waitOne();
  }
}

/** Everything that is held back, and all that follows from it. */
export async function playAll(scheduler: Scheduler, haste = 20): Promise<void> {
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    await undefined;
    if (scheduler.count() === 0) continue;
    await scheduler.waitOne();
    for (let quiet = 0; quiet < haste; quiet += 1) await undefined;
    turn = 0;
  }
}
