import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type Random, randomId } from '../clock/random.js';
import { TokenError } from '../errors/token-error.js';
import type { Keyring, SealingKey } from './keyring.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const LONGEST_BYTES = 16_384;

/**
 * The keys beside an embedded store: read, or the first made on first use with mode 0600 from its
 * first instant. A line for each key, of two words: its id and its 32 bytes in base64. The key of
 * the first line seals, all of them open.
 *
 * `sealedIn`: where something is sealed already. A new key could open none of it, so none is made.
 *
 * @throws TokenError `CONFIGURATION_INVALID`, `key_file`, with what to do
 */
export function keyringFromFile(path: string, random: Random, sealedIn?: string): Keyring {
  const keyring = readKeyFile(path);
  if (keyring !== undefined) return keyring;
  if (sealedIn === undefined) return makeKeyFile(path, random);
  return fail(
    path,
    `is missing, and the accounts in ${sealedIn} were sealed with it. Put it back from a backup; ` +
      'if it is lost, remove the store as well, and every account logs in again',
  );
}

/**
 * The keys in a file that was made before, and brought to every machine that shares a store: keys
 * that two machines make for themselves open half of the rows each.
 *
 * @throws TokenError `CONFIGURATION_INVALID`, `key_file`, with what to do
 */
export function sharedKeyring(path: string): Keyring {
  const keyring = readKeyFile(path);
  if (keyring !== undefined) return keyring;
  return fail(
    path,
    'is missing. Bring it here from another machine; if this is the first one, make it: ' +
      'tokenkeep keys add',
  );
}

/** A key that nobody else has. */
export function newSealingKey(random: Random): SealingKey {
  return { id: `k${randomId(random, 4)}`, bytes: random.bytes(32) };
}

/**
 * Replaces the keys in a file by what `change` makes of them: whole or not at all, one change at a
 * time. Processes that run read it when they start.
 *
 * @throws TokenError `CONFIGURATION_INVALID`, `key_file`; and what `change` throws
 */
export function changeKeyFile(path: string, change: (keys: Keyring) => Keyring): Keyring {
  const draft = `${path}.next`;
  const file = openDraft(path, draft);
  try {
    const changed = writeChanged(path, file, change);
    renameSync(draft, path);
    syncFolder(dirname(path));
    return changed;
  } catch (error) {
    rmSync(draft, { force: true });
    // What the file system says is ours to explain; the rest is the caller's.
    if (TokenError.is(error) || !('syscall' in (error as object))) throw error;
    return fail(path, `cannot be changed (${codeOf(error)})`);
  }
}

/** Closes the draft, however it ends. */
function writeChanged(path: string, draft: number, change: (keys: Keyring) => Keyring): Keyring {
  try {
    const keys = readKeyFile(path) ?? fail(path, 'is missing. Put it back from a backup');
    const changed = change(keys);
    if (textOf(changed).length > LONGEST_BYTES) fail(path, 'is full: retire old keys first');
    writeKeys(draft, changed);
    return changed;
  } finally {
    closeSync(draft);
  }
}

/** The draft's name is the lock as well. */
function openDraft(path: string, draft: string): number {
  try {
    return openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') return fail(path, `cannot be changed (${codeOf(error)})`);
    return fail(
      path,
      'is being changed by another process, or one was stopped while it did so. ' +
        `If none is at it, run: rm '${draft}'`,
    );
  }
}

/** Written under another name and linked into place, so that nobody reads half a key. */
function makeKeyFile(path: string, random: Random): Keyring {
  const keyring: Keyring = [newSealingKey(random)];
  const draft = `${path}.${randomId(random, 6)}`;
  try {
    const file = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      writeKeys(file, keyring);
    } finally {
      closeSync(file);
    }
    linkSync(draft, path);
    return keyring;
  } catch (error) {
    // Another process was first: its key is the key.
    if (codeOf(error) === 'EEXIST') return readKeyFile(path) ?? fail(path, 'vanished while read');
    return fail(path, `cannot be made (${codeOf(error)})`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeKeys(file: number, keyring: Keyring): void {
  // Unlike writeSync, it goes on where a disk took only a part.
  writeFileSync(file, textOf(keyring));
  fsyncSync(file);
}

function textOf(keyring: Keyring): string {
  const lines = keyring.map(({ id, bytes }) => `${id} ${Buffer.from(bytes).toString('base64')}\n`);
  return lines.join('');
}

/**
 * @returns `undefined` where there is no file
 * @throws TokenError `CONFIGURATION_INVALID`, `key_file`: unsafe, unreadable, or no keys in it
 */
export function readKeyFile(path: string): Keyring | undefined {
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    return fail(path, `cannot be read (${codeOf(error)})`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) fail(path, 'is not a file');
    if ((stat.mode & 0o077) !== 0) fail(path, `is open to others. Run: chmod 600 '${path}'`);
    if (stat.size > LONGEST_BYTES) fail(path, 'is too large for a file of keys');
    const buffer = Buffer.alloc(LONGEST_BYTES);
    const text = buffer.toString('utf8', 0, readSync(file, buffer, 0, LONGEST_BYTES, 0));
    return parseKeys(path, text);
  } finally {
    closeSync(file);
  }
}

function parseKeys(path: string, text: string): Keyring {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const keys = lines.filter(Boolean).map((line) => {
    const [id, encoded, ...more] = line.split(' ');
    if (id === undefined || encoded === undefined || more.length > 0) {
      return fail(path, 'does not hold a key in each line');
    }
    return { id, bytes: Buffer.from(encoded, 'base64') };
  });
  const [first, ...others] = keys;
  return first === undefined ? fail(path, 'does not hold a key') : [first, ...others];
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? 'unknown error';
}

function fail(path: string, problem: string): never {
  throw new TokenError('CONFIGURATION_INVALID', `The key file ${path} ${problem}.`, {
    reason: 'key_file',
  });
}
