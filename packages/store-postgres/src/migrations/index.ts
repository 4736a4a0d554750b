import { rowsAndStore } from './0001-rows-and-store.js';
import { scheduleInPages } from './0002-schedule-in-pages.js';
import type { Migration } from './migration.js';

/** Position n brings schema n to schema n + 1. */
export const migrations: readonly Migration[] = [rowsAndStore, scheduleInPages];

/** The schema this code reads and writes. */
export const schemaVersion = migrations.length;
