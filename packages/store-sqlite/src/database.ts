import { type Clock, TokenError } from '@tokenkeep/core';
import { BootClock, type Reading } from './boot-clock.js';
import { type Connection, connect } from './connection.js';
import { checkCompanions, fileIdentity, makeFileSafe } from './file-safety.js';
import type { LockWait } from './lock-wait.js';
import { type RowStatements, rowStatements } from './row-statements.js';
import { checkSchema, migrate } from './schema.js';
import { type TransactionMode, type Transactions, transactions } from './transaction.js';

/** How long SQLite may block the event loop before the wait goes on beside it. */
const BUSY_TIMEOUT_MS = 10;

/** An open file: its statements, its clock and its transactions. Every method blocks. */
export class Database {
  /** Makes the file if there is none. Nothing is written to a file that is refused. */
  static async open(
    path: string,
    clock: Pick<Clock, 'boot'>,
    bootId: string,
    locks: LockWait,
  ): Promise<Database> {
    makeFileSafe(path);
    const connection = connect(path);
    try {
      connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      const transact = transactions(connection);
      await locks.run(() => transact.run('reading', () => checkSchema(connection, path)));
      await locks.run(() => useWriteAheadLog(connection, path));
      await locks.run(() => transact.run('writing', () => migrate(connection, path)));
      const bootClock = new BootClock(connection, path, clock, bootId);
      await locks.run(() => transact.run('writing', () => bootClock.adopt()));
      checkCompanions(path);
      return new Database(path, connection, transact, bootClock, rowStatements(connection));
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  readonly #identity: string | undefined;

  private constructor(
    private readonly path: string,
    private readonly connection: Connection,
    private readonly transact: Transactions,
    private readonly clock: BootClock,
    readonly rows: RowStatements,
  ) {
    this.#identity = fileIdentity(path);
  }

  /** What the file was named when it was made. */
  name(): string {
    const row = this.connection.prepare<{ name: string }>('SELECT name FROM identity').get();
    if (row !== undefined) return row.name;
    throw new TokenError('STORE_UNAVAILABLE', `${this.path} has lost its name; restore a backup`, {
      reason: 'damaged',
    });
  }

  read<T>(work: (reading: Reading) => T): T {
    return this.#run('reading', work);
  }

  /** `keep` says whether the changes stay; the count is written down with them. */
  write<T>(work: (reading: Reading) => T, keep: (result: T, reading: Reading) => boolean): T {
    this.#checkSameFile();
    return this.#run('writing', work, keep);
  }

  /** Writes the count down and empties the log, as far as other processes let it. */
  close(): void {
    try {
      this.write(
        () => {},
        () => true,
      );
      this.connection.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // Everything acknowledged is in the log already; the next process finds it there.
    } finally {
      this.connection.close();
    }
  }

  #run<T>(
    mode: TransactionMode,
    work: (reading: Reading) => T,
    keep?: (result: T, reading: Reading) => boolean,
  ): T {
    return this.transact.run(
      mode,
      () => {
        const reading = this.clock.read();
        const result = work(reading);
        const kept = keep?.(result, reading) ?? false;
        if (kept) this.clock.keep(reading);
        return { result, kept };
      },
      ({ kept }) => kept || mode === 'reading',
    ).result;
  }

  /** SQLite would go on writing to a file that has been deleted, and all of it would be lost. */
  #checkSameFile(): void {
    if (fileIdentity(this.path) === this.#identity) return;
    throw new TokenError(
      'STORE_UNAVAILABLE',
      `${this.path} was deleted or replaced while this process uses it. Put it back, or restart the process to use the new file`,
      { reason: 'file_replaced' },
    );
  }
}

/**
 * WAL: readers and the one writer do not wait for each other, and a crash at any instant leaves
 * the last committed state. FULL: a commit is on the disk when it returns.
 */
function useWriteAheadLog(connection: Connection, path: string): void {
  // Not prepared: a busy statement is not reset, and would keep the read lock for which another
  // process that opens the file at this moment waits.
  connection.exec('PRAGMA journal_mode = WAL');
  if (connection.pragma('journal_mode') !== 'wal') {
    throw new TokenError(
      'STORE_MISCONFIGURED',
      `the file system of ${path} cannot hold a write-ahead log, which processes share through memory. Choose a local disk`,
      { reason: 'no_shared_memory' },
    );
  }
  connection.exec('PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY');
}
