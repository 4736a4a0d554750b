import type { Clock, Random } from '@tokenkeep/core';
import { isBusy } from './driver-errors.js';

const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/**
 * Waits for a lock that another process holds, off the event loop: SQLite itself may block for
 * `busyTimeoutMs` only, then the attempt is made again after a jittered sleep.
 */
export class LockWait {
  constructor(
    private readonly clock: Pick<Clock, 'sleep' | 'monotonic'>,
    private readonly random: Pick<Random, 'float'>,
    private readonly limitMs: number,
  ) {}

  /** `attempt` fails as busy before it has changed anything, or not as busy at all. */
  async run<T>(attempt: () => T): Promise<T> {
    const end = this.clock.monotonic() + this.limitMs;
    for (let pauses = 0; ; pauses += 1) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || this.clock.monotonic() >= end) throw error;
      }
      await this.clock.sleep(this.#pause(pauses));
    }
  }

  #pause(pauses: number): number {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(pauses, 10));
    return longest * (0.5 + this.random.float() / 2);
  }
}
