import type { Connection } from './connection.js';

/**
 * `reading` sees one moment of the file and never waits for writers. `writing` takes the only
 * write lock before it looks at anything, so that what it saw is still so when it commits.
 */
export type TransactionMode = 'reading' | 'writing';

export interface Transactions {
  /** Runs `work` in a transaction; rolls back when it throws or when `keep` says no. */
  run<T>(mode: TransactionMode, work: () => T, keep?: (result: T) => boolean): T;
}

// Never prepared: the driver does not reset a statement that was busy, and a BEGIN left half-way
// makes the next COMMIT fail with "SQL statements in progress". For the same reason a reader takes
// its lock here, and not with its first statement: one that was left busy keeps the connection at
// an old moment of the file, and no write begins from there (SQLITE_BUSY_SNAPSHOT).
const begin = {
  reading: 'BEGIN DEFERRED; SELECT 1 FROM sqlite_schema LIMIT 1',
  writing: 'BEGIN IMMEDIATE',
};

export function transactions(connection: Connection): Transactions {
  return {
    run(mode, work, keep = () => true) {
      // Only after a rollback that failed itself, on a disk that failed.
      if (connection.inTransaction) connection.exec('ROLLBACK');
      try {
        connection.exec(begin[mode]);
        const result = work();
        connection.exec(keep(result) ? 'COMMIT' : 'ROLLBACK');
        return result;
      } catch (error) {
        // SQLite has rolled back by itself after some failures, e.g. a full disk.
        if (connection.inTransaction) tryTo(() => connection.exec('ROLLBACK'));
        throw error;
      }
    },
  };
}

/** The failure that led here is the one to report. */
function tryTo(work: () => unknown): void {
  try {
    work();
  } catch {}
}
