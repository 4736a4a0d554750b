import { TokenError } from '@tokenkeep/core';
import type { Connection } from './connection.js';
import { migrations } from './migrations/index.js';
import type { Migration } from './migrations/migration.js';

/** "TKKP" in the file's header: `file tokens.db` shows it, and foreign databases lack it. */
export const applicationId = 0x544b4b50;

/** The schema this code reads and writes, kept in `PRAGMA user_version`. */
export const schemaVersion = migrations.length;

/**
 * Refuses a file that is not ours or not ours yet, having only read from it. To be called in a
 * transaction: another process may be making the schema at this moment.
 */
export function checkSchema(connection: Connection, path: string, known = schemaVersion): number {
  const version = Number(connection.pragma('user_version'));
  const id = Number(connection.pragma('application_id'));
  const isNew = version === 0 && id === 0 && isEmpty(connection);
  if (!isNew && id !== applicationId) {
    throw new TokenError(
      'STORE_MISCONFIGURED',
      `${path} is a SQLite database of another program. Choose another path`,
      { reason: 'foreign_database' },
    );
  }
  if (version > known) throw tooNew(path, version);
  return version;
}

/** Brings the schema up to date, one step at a time. To be called in a writing transaction. */
export function migrate(
  connection: Connection,
  path: string,
  steps: readonly Migration[] = migrations,
): void {
  const version = checkSchema(connection, path, steps.length);
  if (version === steps.length) return;
  for (const step of steps.slice(version)) connection.exec(step.sql);
  connection.exec(`PRAGMA application_id = ${applicationId}`);
  connection.exec(`PRAGMA user_version = ${steps.length}`);
}

export function tooNew(path: string, version: number): TokenError {
  return new TokenError(
    'STORE_SCHEMA_NEWER',
    `${path} has schema ${version}, this program knows up to ${schemaVersion}. Update it: npm install @tokenkeep/store-sqlite@latest`,
    { reason: 'schema_newer' },
  );
}

function isEmpty(connection: Connection): boolean {
  return connection.prepare<object>('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}
