import type { EpochMs } from './clock.js';

/** A wall-clock time for a message, e.g. `2026-11-21T03:24:00.000Z`. */
export function isoTime(ms: EpochMs): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : 'never';
}
