import type { HandClock } from './hand-clock.js';

/** Lets time pass on the store's clock. */
export function passing(clock: HandClock, time: 'by hand' | 'own'): (ms: number) => Promise<void> {
  if (time === 'by hand') return async (ms) => clock.advance(ms);
  return (ms) => new Promise((resolve) => setTimeout(resolve, ms));
}
