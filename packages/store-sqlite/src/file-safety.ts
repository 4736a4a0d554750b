import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { geteuid } from 'node:process';
import { TokenError } from '@tokenkeep/core';
import { fileError, shellQuoted } from './file-errors.js';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const ROOT = 0;

/** In such a folder only a file's owner may remove or rename it; anybody may add one. */
const STICKY = 0o1000;

/** What SQLite puts beside the database, with the database's own mode. */
const companions = ['-wal', '-shm', '-journal'] as const;

/**
 * Makes sure that `path` is a file that only this user can read, before SQLite sees it.
 *
 * An existing file is looked at and never opened here: closing any descriptor of a file drops all
 * locks that this process, and SQLite in it, holds on that file.
 */
export function makeFileSafe(path: string): void {
  try {
    makeFolder(dirname(path));
    checkFile(path, path);
    checkFolder(dirname(path), path);
    if (statOf(path) === undefined) createFile(path);
    checkFile(path, path);
    accessSync(path, constants.R_OK | constants.W_OK);
    checkCompanions(path);
  } catch (error) {
    throw TokenError.is(error) ? error : fileError(error, path);
  }
}

/** The files SQLite has made since. */
export function checkCompanions(path: string): void {
  for (const suffix of companions) checkFile(`${path}${suffix}`, path);
}

/** Tells two files of the same name apart. */
export function fileIdentity(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

/** Folder by folder: Node's own recursion never ends where mkdir says ENOENT, as in `/proc`. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder, FOLDER_MODE);
  } catch (error) {
    // Another process was first, unless this is a link that leads nowhere.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
    throw error;
  }
  syncFolder(parent);
}

function checkFolder(folder: string, path: string): void {
  const found = statSync(folder);
  if (!found.isDirectory()) {
    throw refusal('no_folder', `${folder} is not a folder. Choose another path`);
  }
  if (isForeign(found) && found.uid !== ROOT) {
    throw refusal(
      'other_owner',
      `${folder} belongs to user ${found.uid}, who could replace the files in it. Run as that user, or use a folder of your own`,
    );
  }
  if (hasModes() && (found.mode & 0o022) !== 0) {
    const inside = shellQuoted(join(folder, 'tokenkeep', basename(path)));
    // The mode of a sticky folder, like /tmp, is meant; that of a foreign one is its owner's.
    const ours = !isForeign(found) && (found.mode & STICKY) === 0;
    const close = ours ? `, or: chmod go-w ${shellQuoted(folder)}` : '';
    throw refusal(
      'folder_writable_by_others',
      `other users can write to the folder ${folder} (mode ${octal(found)}). Use a folder of its own, e.g. ${inside}${close}`,
    );
  }
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
}

function createFile(path: string): void {
  const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants;
  try {
    closeSync(openSync(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, FILE_MODE));
  } catch (error) {
    // Another process was first; its file is checked like any other.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  syncFolder(dirname(path));
}

function checkFile(path: string, database: string): void {
  const found = statOf(path);
  if (found === undefined) return;
  const name = shellQuoted(path);
  if (found.isSymbolicLink()) {
    throw refusal(
      'symbolic_link',
      `${path} is a symbolic link, and is not followed. Give the path it leads to: readlink -f ${name}`,
    );
  }
  if (found.isDirectory()) {
    const inside = shellQuoted(`${path}/tokens.db`);
    throw refusal('is_a_folder', `${path} is a folder. Give the path of a file, e.g. ${inside}`);
  }
  if (!found.isFile()) {
    throw refusal(
      'not_a_file',
      `${path} is a pipe, socket or device, not a file. Choose another path`,
    );
  }
  if (isForeign(found)) {
    throw refusal(
      'other_owner',
      `${path} belongs to user ${found.uid}. Run as that user, or: chown ${geteuid?.()} ${name}`,
    );
  }
  if (!hasModes()) return;
  if ((found.mode & 0o077) !== 0) {
    throw refusal(
      'file_open_to_others',
      `other users can use ${path} (mode ${octal(found)}). If nobody has copied it: chmod 600 ${name}`,
    );
  }
  if ((found.mode & FILE_MODE) !== FILE_MODE) {
    throw refusal(
      'read_only',
      `${path} is closed to its own user (mode ${octal(found)}). Fix: chmod 600 ${name}`,
    );
  }
  if (path === database && found.nlink > 1) {
    throw refusal(
      'hard_link',
      `${path} has ${found.nlink} names (hard links), and SQLite's locks work for one. Find the others: find / -xdev -samefile ${name}`,
    );
  }
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** A new name is durable once its folder is. */
function syncFolder(folder: string): void {
  if (!hasModes()) return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Windows has neither user ids nor modes; there the folder's access list decides. */
function hasModes(): boolean {
  return geteuid !== undefined;
}

function isForeign(found: Stats): boolean {
  return geteuid !== undefined && found.uid !== geteuid();
}

function octal(found: Stats): string {
  return (found.mode & 0o7777).toString(8).padStart(4, '0');
}

function refusal(reason: string, message: string): TokenError {
  return new TokenError('STORE_MISCONFIGURED', message, { reason });
}
