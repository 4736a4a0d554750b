import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { randomId, systemRandom, TokenError } from '@tokenkeep/core';

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_WRONLY } = constants;

/**
 * Writes a file that only this user can read, whole or not at all: under another name with mode
 * 0600 from its first instant, synced, and then put into place.
 *
 * @throws TokenError `CONFIGURATION_INVALID`: it is there and is not to be replaced, or cannot be
 *   written
 */
export function writePrivateFile(path: string, text: string, replace: boolean): void {
  const draft = `${path}.${randomId(systemRandom(), 6)}`;
  try {
    const file = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      // Unlike writeSync, it goes on where a disk took only a part.
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (replace) renameSync(draft, path);
    // Unlike a rename, a link does not replace what has come in between.
    else linkSync(draft, path);
  } catch (error) {
    throw refused(path, (error as NodeJS.ErrnoException).code);
  } finally {
    rmSync(draft, { force: true });
  }
}

function refused(path: string, code = 'unknown error'): TokenError {
  const problem =
    code === 'EEXIST'
      ? 'is there already. To replace it, add --force'
      : `cannot be written (${code}). Choose another place`;
  return new TokenError('CONFIGURATION_INVALID', `${path} ${problem}.`, { reason: 'config_file' });
}
