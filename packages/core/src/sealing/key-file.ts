import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { type Random, randomId } from '../clock/random.js';
import { TokenError } from '../errors/token-error.js';
import type { SealingKey } from './keyring.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const LONGEST_BYTES = 512;

/**
 * The key beside an embedded store: read, or made on first use with mode 0600 from its first
 * instant. Text of two words: the key's id and its 32 bytes in base64.
 *
 * `sealedIn`: where something is sealed already. A new key could open none of it, so none is made.
 */
export function keyFromFile(path: string, random: Random, sealedIn?: string): SealingKey {
  const key = readKey(path);
  if (key !== undefined) return key;
  if (sealedIn === undefined) return makeKey(path, random);
  return fail(
    path,
    `is missing, and the accounts in ${sealedIn} were sealed with it. Put it back from a backup; ` +
      'if it is lost, remove the store as well, and every account logs in again',
  );
}

/** Written under another name and linked into place, so that nobody reads half a key. */
function makeKey(path: string, random: Random): SealingKey {
  const key = { id: `k${randomId(random, 4)}`, bytes: random.bytes(32) };
  const draft = `${path}.${randomId(random, 6)}`;
  try {
    const file = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      writeSync(file, `${key.id} ${Buffer.from(key.bytes).toString('base64')}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(draft, path);
    return key;
  } catch (error) {
    // Another process was first: its key is the key.
    if (codeOf(error) === 'EEXIST') return readKey(path) ?? fail(path, 'vanished while read');
    return fail(path, `cannot be made (${codeOf(error)})`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function readKey(path: string): SealingKey | undefined {
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
    const buffer = Buffer.alloc(LONGEST_BYTES);
    const text = buffer.toString('utf8', 0, readSync(file, buffer, 0, LONGEST_BYTES, 0));
    const [id, encoded] = text.trim().split(' ');
    if (id === undefined || encoded === undefined) return fail(path, 'does not hold a key');
    return { id, bytes: Buffer.from(encoded, 'base64') };
  } finally {
    closeSync(file);
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
