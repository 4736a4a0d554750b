import { rowsAndClock } from './0001-rows-and-clock.js';
import type { Migration } from './migration.js';

/** Position n brings schema n to schema n + 1. */
export const migrations: readonly Migration[] = [rowsAndClock];
