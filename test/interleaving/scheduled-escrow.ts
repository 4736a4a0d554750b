import type { Escrow, EscrowEntry } from '@tokenkeep/core';
import type { Step } from './step.js';

/** Escrow that outlives its engines: what is in `kept`, when a scheduler says so. */
export function scheduledEscrow(step: Step, kept: Map<string, EscrowEntry>): Escrow {
  return {
    reserve: () => step('reserve'),
    async put(entry) {
      await step('put');
      kept.set(entry.attemptId, entry);
      return true;
    },
    async entries() {
      await step('entries');
      return [...kept.values()];
    },
    async remove(attemptId) {
      await step('remove');
      kept.delete(attemptId);
    },
    close: () => step('close'),
  };
}
