import { type Clock, type StoreTime, TokenError } from '@tokenkeep/core';
import type { Connection, Statement } from './connection.js';
import { schemaVersion, tooNew } from './schema.js';

/** Where the count starts in a new file. The clock has to move, not to be right. */
const ORIGIN_MS = 1_000_000_000_000;

/** More than the rounding of two processes' boot clocks can explain. */
const LARGEST_DISAGREEMENT_MS = 2_000;

/** What is in the file about time. */
interface ClockRow {
  readonly boot_id: string;
  /** The count at the moment of boot: count = base + boot clock. */
  readonly base: number;
  /** The greatest count that was ever written. */
  readonly counted: number;
  readonly epoch: number;
  readonly schema: number;
}

/** A moment, and the count that a crash right now would fall back to. */
export interface Reading {
  readonly time: StoreTime;
  readonly counted: number;
}

/**
 * The store's clock: a millisecond count kept in the file and advanced by the machine's boot
 * clock. It goes on over suspends, stops while the machine is off, and knows no wall clock.
 */
export class BootClock {
  readonly #row: Statement<ClockRow>;
  readonly #advance: Statement;
  #highest = 0;

  constructor(
    private readonly connection: Connection,
    private readonly path: string,
    private readonly clock: Pick<Clock, 'boot'>,
    private readonly bootId: string,
  ) {
    this.#row = connection.prepare(
      `SELECT boot_id, base, counted, epoch,
              (SELECT user_version FROM pragma_user_version) AS schema FROM clock`,
    );
    this.#advance = connection.prepare('UPDATE clock SET counted = ?1 WHERE counted < ?1');
  }

  /** To be called in the transaction whose time it is. */
  read(): Reading {
    const row = this.#row.get();
    if (row === undefined) throw this.#refusal('no_clock', 'has lost its clock; restore a backup');
    if (row.schema > schemaVersion) throw tooNew(this.path, row.schema);
    if (row.boot_id !== this.bootId) {
      throw this.#refusal(
        'other_machine',
        'has been opened by another machine, or by a container with another boot id, while this process uses it. One file serves one kernel: use a store for many machines',
      );
    }
    this.#highest = Math.max(this.#highest, row.counted, row.base + this.#boot());
    return { time: { epoch: row.epoch, ms: this.#highest }, counted: row.counted };
  }

  /** Writes the count down, so that it goes on from here after a reboot. */
  keep({ time }: Reading): void {
    this.#advance.run(time.ms);
  }

  /** At `open()`, in a writing transaction: starts the clock, or starts it again after a reboot. */
  adopt(): void {
    const row = this.#row.get();
    const boot = this.#boot();
    if (row === undefined) {
      this.connection
        .prepare('INSERT INTO clock (boot_id, base, counted, epoch) VALUES (?, ?, ?, 1)')
        .run(this.bootId, ORIGIN_MS - boot, ORIGIN_MS);
    } else if (row.boot_id !== this.bootId) {
      this.#goOnAfterReboot(row, boot);
    } else if (row.counted - (row.base + boot) > LARGEST_DISAGREEMENT_MS) {
      throw this.#refusal(
        'other_boot_clock',
        'was used under the same boot id with a boot clock that is ahead of this one, as in containers with an uptime of their own. Let them share /proc/uptime, or use a store for many machines',
      );
    }
  }

  /** Nobody knows how long the machine was off: every lease is over, everything is due. */
  #goOnAfterReboot(row: ClockRow, boot: number): void {
    const latest = this.connection
      .prepare<{ updated: number | null }>('SELECT max(updated_at) AS updated FROM rows')
      .get();
    const now = Math.max(row.counted, latest?.updated ?? 0);
    this.connection
      .prepare(
        `UPDATE rows SET version = version + 1, updated_at = ?1,
                due = CASE WHEN due IS NULL THEN NULL ELSE ?1 END,
                lease_until = CASE WHEN lease_until > ?1 THEN ?1 ELSE lease_until END
         WHERE due <> ?1 OR lease_until > ?1`,
      )
      .run(now);
    this.connection
      .prepare('UPDATE clock SET boot_id = ?, base = ?, counted = ?, epoch = epoch + 1')
      .run(this.bootId, now - boot, now);
  }

  #boot(): number {
    return Math.floor(this.clock.boot());
  }

  #refusal(reason: string, message: string): TokenError {
    return new TokenError('STORE_MISCONFIGURED', `${this.path} ${message}`, { reason });
  }
}
