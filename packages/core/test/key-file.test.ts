import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { systemRandom } from '../src/clock/system-random.js';
import { keyFromFile } from '../src/sealing/key-file.js';
import { keyringSealer } from '../src/sealing/keyring.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-key-'));
  folders.push(folder);
  return join(folder, 'tokens.db.key');
}

const read = (path: string) => keyFromFile(path, systemRandom());

describe('the key file', () => {
  test('is made once, for its user only, and read from then on', () => {
    const path = newPath();
    const former = process.umask(0);
    const made = read(path);
    process.umask(former);
    expect(made.bytes).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = read(path);
    expect(again.id).toBe(made.id);
    expect(Buffer.from(again.bytes).equals(Buffer.from(made.bytes))).toBe(true);
    expect(() => keyringSealer([again], 'tokenkeep', systemRandom())).not.toThrow();
    // Nothing of the draft is left beside it.
    expect(readdirSync(dirname(path))).toEqual(['tokens.db.key']);
  });

  test('two files never have one key', () => {
    const [one, two] = [read(newPath()), read(newPath())];
    expect(Buffer.from(one.bytes).equals(Buffer.from(two.bytes))).toBe(false);
    expect(one.id).not.toBe(two.id);
  });

  test('whoever makes it second reads what the first has made', () => {
    const path = newPath();
    const real = systemRandom();
    let rival: string | undefined;
    // The rival comes between the look and the making.
    const slow = {
      ...real,
      bytes: (length: number) => {
        rival ??= keyFromFile(path, real).id;
        return real.bytes(length);
      },
    };
    expect(keyFromFile(path, slow).id).toBe(rival);
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${rival} `));
    expect(readdirSync(dirname(path))).toEqual(['tokens.db.key']);
  });

  test.each([0o644, 0o640, 0o604, 0o620, 0o601])('S27 mode %d is refused with its cure', (mode) => {
    const path = newPath();
    read(path);
    chmodSync(path, mode);
    expect(() => read(path)).toThrow(`Run: chmod 600 '${path}'`);
  });

  test('S27 a link is not followed, not even to a good key', () => {
    const good = newPath();
    read(good);
    const path = newPath();
    symlinkSync(good, path);
    expect(() => read(path)).toThrow(/cannot be read \(ELOOP\)/);
  });

  test.each<readonly [string, (path: string) => void, RegExp]>([
    ['an empty file', (path) => writeFileSync(path, '', { mode: 0o600 }), /does not hold a key/],
    ['one word', (path) => writeFileSync(path, 'k1', { mode: 0o600 }), /does not hold a key/],
    ['a folder', (path) => mkdirSync(path, { mode: 0o700 }), /is not a file/],
  ])('%s is no key file', (_, make, problem) => {
    const path = newPath();
    make(path);
    expect(() => read(path)).toThrow(problem);
    expect(() => read(path)).toThrow(path);
  });

  test('a folder that is not there is named', () => {
    const path = join(dirname(newPath()), 'missing', 'tokens.db.key');
    expect(() => read(path)).toThrow(/missing.*cannot be made \(ENOENT\)/);
  });

  test('an error shows nothing of the file', () => {
    const path = newPath();
    writeFileSync(path, 'sk-canary-4711', { mode: 0o600 });
    linkSync(path, `${path}.second`);
    expect(() => read(path)).not.toThrow(/canary/);
  });
});
