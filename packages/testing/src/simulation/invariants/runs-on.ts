import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';

/** How long before a request a trouble may have begun that ends after it. */
const troubleLastsMs = 15_000;

/**
 * Whether the process that sent a request has lived and run since, and the store has answered it:
 * nothing kept it from doing what it must.
 */
export function runsOn(
  simulation: Simulation,
  { process, sentAt, timesHeldAtSend }: Send,
): boolean {
  const unheld = process.isAlive && process.timesHeld === timesHeldAtSend;
  return unheld && simulation.store.lastTroubleOf(process) < sentAt - troubleLastsMs;
}
