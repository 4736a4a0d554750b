import { closeSync, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { TokenError } from '@tokenkeep/core';
import { fileError, shellQuoted } from './file-errors.js';

/** Primary result codes, https://www.sqlite.org/rescode.html. */
const SQLITE = {
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  NOTADB: 26,
} as const;

/** Less free space than a few pages of the log and its index need. */
const FULL_BELOW_BYTES = 64 * 1024;

export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE.BUSY || code === SQLITE.LOCKED || code === SQLITE.PROTOCOL;
}

/** Failures of `open()`: the operator has to act, except where another process is just slow. */
export function openError(error: unknown, path: string, waitedMs: number): TokenError {
  if (TokenError.is(error)) return error;
  if (isSystemError(error)) return fileError(error, path);
  const code = primaryCode(error);
  if (code === SQLITE.NOTADB) {
    return misconfigured(
      'not_sqlite',
      `${path} is not a SQLite database, or is damaged at its start. Choose another path, or restore it from a backup`,
    );
  }
  if (code === SQLITE.FULL || (code === SQLITE.IOERR && isDiskFull(path))) {
    return fileError({ code: 'ENOSPC' }, path);
  }
  if (code === SQLITE.READONLY) return fileError({ code: 'EROFS' }, path);
  if (code === SQLITE.PERM) return fileError({ code: 'EACCES' }, path);
  if (code === SQLITE.CANTOPEN) return fileError({ code: whyNothingOpens() }, path);
  return storeError(error, path, waitedMs);
}

/**
 * Failures after `open()`. The driver's own message stays behind: it may quote what was written.
 */
export function storeError(error: unknown, path: string, waitedMs: number): TokenError {
  if (TokenError.is(error)) return error;
  const code = primaryCode(error);
  switch (code) {
    case SQLITE.BUSY:
    case SQLITE.LOCKED:
    case SQLITE.PROTOCOL:
      return unavailable(
        'busy',
        `another process has held the lock of ${path} for ${waitedMs} ms. Find it with: fuser ${shellQuoted(path)}`,
      );
    case SQLITE.FULL:
      return diskFull(path);
    case SQLITE.IOERR:
      if (isDiskFull(path)) return diskFull(path);
      return unavailable(
        'io_error',
        `the disk of ${path} failed to read or write (SQLite code ${rawCode(error)}). Look into the system log: dmesg`,
      );
    case SQLITE.READONLY:
      return unavailable(
        'read_only',
        `${path} can no longer be written. Check the mount and the file: findmnt -T ${shellQuoted(path)}; ls -l ${shellQuoted(path)}`,
      );
    case SQLITE.CANTOPEN:
      return unavailable(
        'cannot_open',
        `SQLite cannot open ${path} or the files beside it. Check: ls -la ${shellQuoted(dirname(path))}; ulimit -n`,
      );
    case SQLITE.NOMEM:
      return unavailable('out_of_memory', `SQLite got no memory for ${path}`);
    case SQLITE.CORRUPT:
    case SQLITE.NOTADB:
      return new TokenError(
        'STORE_UNAVAILABLE',
        `${path} is damaged. Stop every process that uses it and restore a backup; to see the damage: sqlite3 ${shellQuoted(path)} 'PRAGMA integrity_check'`,
        { reason: 'damaged' },
      );
    default:
      return new TokenError(
        'STORE_UNAVAILABLE',
        `SQLite refused an operation on ${path} (SQLite code ${rawCode(error) ?? 'unknown'})`,
        { reason: 'driver_error' },
      );
  }
}

function diskFull(path: string): TokenError {
  return unavailable(
    'disk_full',
    `no space is left for ${path}. Nothing stored was lost; writes work again once there is space: df -h ${shellQuoted(dirname(path))}`,
  );
}

function unavailable(reason: string, message: string): TokenError {
  return new TokenError('STORE_UNAVAILABLE', message, { reason, retryable: true });
}

function misconfigured(reason: string, message: string): TokenError {
  return new TokenError('STORE_MISCONFIGURED', message, { reason });
}

/** SQLite reports some full disks as an I/O error, e.g. when it cannot grow the log's index. */
function isDiskFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < FULL_BELOW_BYTES;
  } catch {
    return false;
  }
}

/** SQLite says "cannot open" for everything; a file that always opens tells them apart. */
function whyNothingOpens(): string {
  try {
    // Never the database: closing any descriptor of it would drop SQLite's locks on it.
    closeSync(openSync('/dev/null', 'r'));
    return 'EACCES';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENFILE' ? code : 'EACCES';
  }
}

function isSystemError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException | undefined)?.syscall === 'string';
}

function primaryCode(error: unknown): number | undefined {
  const code = rawCode(error);
  return code === undefined ? undefined : code & 0xff;
}

/** The extended result code. A failed open carries it at the end of its message only. */
function rawCode(error: unknown): number | undefined {
  const { rawCode: code, message } = (error ?? {}) as { rawCode?: unknown; message?: unknown };
  if (typeof code === 'number') return code;
  const tail =
    typeof message === 'string' ? /^ConnectionFailed\(.*: (\d+)"?\)$/s.exec(message) : null;
  return tail?.[1] === undefined ? undefined : Number(tail[1]);
}
