import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
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
import {
  changeKeyFile,
  keyringFromFile,
  newSealingKey,
  readKeyFile,
} from '../src/sealing/key-file.js';
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

const read = (path: string) => keyringFromFile(path, systemRandom())[0];

function lowestFree(): number {
  const descriptor = openSync(tmpdir(), 'r');
  closeSync(descriptor);
  return descriptor;
}

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
        rival ??= keyringFromFile(path, real)[0].id;
        return real.bytes(length);
      },
    };
    expect(keyringFromFile(path, slow)[0].id).toBe(rival);
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

describe('a key file of several keys', () => {
  const ids = (path: string) => readKeyFile(path)?.map(({ id }) => id);
  const add = (path: string) =>
    changeKeyFile(path, ([first, ...others]) => [first, ...others, newSealingKey(systemRandom())]);

  test('the first line seals, and all lines open', () => {
    const path = newPath();
    const old = read(path);
    changeKeyFile(path, (keys) => [newSealingKey(systemRandom()), ...keys]);
    const place = { account: 'a/b', field: 'access token', incarnation: '1.a', generation: 1 };
    const sealedBefore = keyringSealer([old], 'store', systemRandom()).seal('secret', place);
    const both = keyringSealer(keyringFromFile(path, systemRandom()), 'store', systemRandom());
    expect(both.open(sealedBefore, place)).toBe('secret');
    const sealedAfter = both.seal('secret', place);
    expect(sealedAfter).not.toContain(`.${old.id}.`);
    expect(both.open(sealedAfter, place)).toBe('secret');
  });

  test('S26 it is 0600 after a change too, whatever the umask, and no draft is left', () => {
    const path = newPath();
    read(path);
    const former = process.umask(0);
    add(path);
    process.umask(former);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual(['tokens.db.key']);
    expect(ids(path)).toHaveLength(2);
  });

  test('a change that throws changes nothing', () => {
    const path = newPath();
    const { id } = read(path);
    const refuse = () => {
      throw new TypeError('no');
    };
    expect(() => changeKeyFile(path, refuse)).toThrow(new TypeError('no'));
    expect(ids(path)).toEqual([id]);
    expect(readdirSync(dirname(path))).toEqual(['tokens.db.key']);
  });

  test.each<readonly [string, (path: string) => void]>([
    ['that throws', read],
    ['of a file that cannot be read', (path) => writeFileSync(path, 'k1', { mode: 0o600 })],
    ['of a file that is not there', () => {}],
  ])('a change %s leaves no descriptor open', (_, make) => {
    const path = newPath();
    make(path);
    const refuse = () => {
      throw new TypeError('no');
    };
    // The lowest number that is free goes up with each one that is left open.
    const before = lowestFree();
    for (let time = 0; time < 20; time += 1) {
      expect(() => changeKeyFile(path, refuse)).toThrow();
    }
    expect(lowestFree()).toBeLessThan(before + 20);
  });

  test('two changes at once: the second is refused with what to do, and no key is lost', () => {
    const path = newPath();
    read(path);
    changeKeyFile(path, (keys) => {
      expect(() => add(path)).toThrow(`run: rm '${path}.next'`);
      return keys;
    });
    expect(ids(add(path) && path)).toHaveLength(2);
  });

  test('S27 a link in the place of the draft is not written through', () => {
    const path = newPath();
    read(path);
    const target = `${path}.target`;
    writeFileSync(target, 'mine');
    symlinkSync(target, `${path}.next`);
    expect(() => add(path)).toThrow(/being changed by another process/);
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });

  test.each<readonly [string, string, RegExp]>([
    ['a line of one word', 'k1 AAAA\nk2\n', /does not hold a key in each line/],
    ['a line of three words', 'k1 AAAA sk-canary-4711\n', /does not hold a key in each line/],
    ['more than a few keys', `${'k1 AAAA\n'.repeat(3_000)}`, /too large/],
  ])('%s is refused, and not shown', (_, text, problem) => {
    const path = newPath();
    writeFileSync(path, text, { mode: 0o600 });
    expect(() => read(path)).toThrow(problem);
    expect(() => read(path)).not.toThrow(/canary|AAAA/);
  });

  test('a file that is not there is not changed into one', () => {
    const path = newPath();
    expect(readKeyFile(path)).toBeUndefined();
    expect(() => add(path)).toThrow(/is missing/);
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});
