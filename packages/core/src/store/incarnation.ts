import { type Random, randomId } from '../clock/random.js';

/**
 * Names one life of an account: `counter.nonce`. New at creation, at a login by hand, and at a
 * tombstone, and part of everything sealed, so that nothing of an earlier life can come back.
 */
export function nextIncarnation(previous: string | undefined, random: Random): string {
  return `${counterOf(previous) + 1}.${randomId(random, 6)}`;
}

/** The counter alone: one that went back is a store that was rolled back. */
export function counterOf(incarnation: string | undefined): number {
  return incarnation === undefined ? 0 : Number.parseInt(incarnation, 10);
}
