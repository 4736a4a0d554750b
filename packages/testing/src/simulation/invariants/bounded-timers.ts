import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';

/** `setTimeout` fires at once above 2^31 - 1 ms; nobody needs to come near. */
const longestTimerMs = 6 * 3_600_000;

/**
 * I9: timers are bounded: a few for the process, a few for each of its accounts, one for each
 * caller that waits. None is armed for longer than six hours.
 */
export function boundedTimers(simulation: Simulation): Watcher {
  return {
    ended() {
      for (const { processes } of simulation.hosts.values()) {
        for (const { id, clock } of processes) {
          if (clock.longestSleepMs > longestTimerMs) {
            simulation.violate('I9', `${id} armed a timer for ${clock.longestSleepMs} ms`);
          }
          const bound = 32 + 16 * simulation.store.rows.size;
          if (clock.pending <= bound) continue;
          simulation.violate('I9', `${id} has ${clock.pending} timers, bound ${bound}`);
        }
      }
    },
  };
}
