import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { geteuid } from 'node:process';
import { TokenError } from '@tokenkeep/core';

const ROOT = 0;
const STICKY = 0o1000;
const { O_NONBLOCK = 0, O_RDONLY } = constants;

export interface ProtectedFileRules {
  readonly longestBytes: number;
  /** Others may not read it either. Root may let one group: the mounts of Kubernetes are such. */
  readonly secret: boolean;
}

export interface ProtectedFile {
  readonly text: string;
  /** Whether others than its user can read it. */
  readonly openToReaders: boolean;
}

/**
 * Reads a file that nobody else can change: it says where secrets are sent, or is one. What was
 * opened is what is looked at. A symbolic link is followed if it is this user's or root's.
 *
 * @throws TokenError `CONFIGURATION_INVALID` with the command that helps; `file_missing`
 */
export function readProtectedFile(path: string, rules: ProtectedFileRules): ProtectedFile {
  let file: number;
  try {
    checkReplaceable(dirname(path));
    checkProtectedLink(path);
    // A pipe without a writer would hold up the open for ever.
    file = openSync(path, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    throw TokenError.is(error) ? error : unreadable(path, error);
  }
  try {
    const found = fstatSync(file);
    check(path, found, rules);
    return {
      text: readText(file, path, rules.longestBytes),
      openToReaders: hasModes() && (found.mode & 0o044) !== 0,
    };
  } finally {
    closeSync(file);
  }
}

/**
 * The same for a file that something else reads: a module.
 *
 * @throws TokenError `CONFIGURATION_INVALID` with the command that helps; `file_missing`
 */
export function checkProtectedFile(path: string): void {
  try {
    checkReplaceable(dirname(path));
    checkProtectedLink(path);
    check(path, statSync(path), { longestBytes: Number.POSITIVE_INFINITY, secret: false });
  } catch (error) {
    throw TokenError.is(error) ? error : unreadable(path, error);
  }
}

/** @throws TokenError where others could put another file in the place of one in this folder */
export function checkReplaceable(folder: string): void {
  const found = statSync(folder);
  const { mode } = found;
  if (isForeign(found)) {
    throw refused(
      `The folder ${folder} belongs to user ${found.uid}, who could replace the files in it. ` +
        `Run as that user, or: chown ${geteuid?.()} ${quoted(folder)}`,
    );
  }
  // In a sticky folder only a file's owner can replace it, and owners are checked.
  if (!hasModes() || (mode & 0o022) === 0 || (mode & STICKY) !== 0) return;
  throw refused(
    `Other users can replace files in the folder ${folder}. Run: chmod go-w ${quoted(folder)}`,
  );
}

/** @throws TokenError where this is a link that another user can make lead elsewhere */
export function checkProtectedLink(path: string): void {
  const found = lstatSync(path);
  if (!found.isSymbolicLink() || !isForeign(found)) return;
  throw refused(`${path} is a symbolic link of user ${found.uid}. Make one of your own.`);
}

function check(path: string, found: Stats, { secret }: ProtectedFileRules): void {
  const name = quoted(path);
  if (!found.isFile()) throw refused(`${path} is not a file. Give the path of one.`);
  if (!hasModes()) return;
  if (isForeign(found)) {
    throw refused(
      `${path} belongs to user ${found.uid}. Run as that user, or: chown ${geteuid?.()} ${name}`,
    );
  }
  if ((found.mode & 0o022) !== 0) {
    throw refused(`Other users can change ${path}. Run: chmod go-w ${name}`);
  }
  const readers = found.uid === ROOT ? 0o004 : 0o044;
  if (secret && (found.mode & readers) !== 0) {
    throw refused(`Other users can read ${path}. Run: chmod 600 ${name}`);
  }
}

function readText(file: number, path: string, longestBytes: number): string {
  const buffer = Buffer.alloc(longestBytes + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.length; length += read) {
    read = readSync(file, buffer, length, buffer.length - length, null);
  }
  if (length > longestBytes) {
    throw refused(`${path} is larger than ${longestBytes} bytes. Is it the right file?`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
  } catch {
    throw refused(`${path} is not UTF-8 text. Save it as UTF-8.`);
  }
}

function isForeign({ uid }: Stats): boolean {
  return geteuid !== undefined && uid !== ROOT && uid !== geteuid();
}

/** Windows has neither user ids nor modes; there the folder's access list decides. */
function hasModes(): boolean {
  return geteuid !== undefined;
}

function unreadable(path: string, error: unknown): TokenError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return refused(`There is no file ${path}. Make it, or correct the path.`, 'file_missing');
  }
  return refused(`${path} cannot be read (${code}). Look at: ls -la ${quoted(dirname(path))}`);
}

function refused(message: string, reason = 'config_file'): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message, { reason });
}

/** A path that can be pasted after a command. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
