import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';

/**
 * I9: timers are bounded: a few for the process, a few for each of its accounts, one for each
 * caller that waits.
 */
export function boundedTimers(simulation: Simulation): Watcher {
  return {
    ended() {
      for (const { processes } of simulation.hosts.values()) {
        for (const { id, clock } of processes) {
          const bound = 32 + 16 * simulation.store.rows.size;
          if (clock.pending <= bound) continue;
          simulation.violate('I9', `${id} has ${clock.pending} timers, bound ${bound}`);
        }
      }
    },
  };
}
