import type { Scheduler } from 'fast-check';

/** Resolves when what is named may happen. */
export type Step = (name: string) => Promise<void>;

export function stepsOf(scheduler: Scheduler): Step {
  return (name) => scheduler.schedule(Promise.resolve(), name);
}
