import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { canMount, onSmallDisk } from '@tokenkeep/servers';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { change } from '@tokenkeep/testing/conformance';
import { Child } from '../../../test/processes/store-process.js';
import { askFileProgram, asNobody, canBecomeNobody, fileProgram } from './process/file-program.js';
import { tempFolders } from './temp-folder.js';

const tempFolder = tempFolders();
const NOBODY = 65_534;

interface Outcome {
  readonly ok?: true;
  readonly code?: string;
  readonly reason?: string;
  readonly message?: string;
}

const asNobodyTest = canBecomeNobody ? test : test.skip;
const onLinuxTest = process.platform === 'linux' ? test : test.skip;
const onSmallDiskTest = canMount() ? test : test.skip;

async function refusalOf(path: string): Promise<Outcome> {
  const store = sqliteStore({ path });
  return store.open().then(
    async () => {
      await store.close();
      return { ok: true };
    },
    (error: Outcome) => error,
  );
}

async function expectRefusal(path: string, reason: string, fix: string): Promise<void> {
  const refusal = await refusalOf(path);
  expect(refusal).toMatchObject({ code: 'STORE_MISCONFIGURED', reason });
  expect(refusal.message).toContain(path);
  expect(refusal.message).toContain(fix);
}

async function existingFile(): Promise<string> {
  const path = join(tempFolder(), 'tokens.db');
  const store = sqliteStore({ path });
  await store.open();
  await store.write([change('a')]);
  await store.close();
  return path;
}

describe('S27 what exists already is refused when it is unsafe', () => {
  test.each(['0644', '0640', '0620', '0604'])('S27 a file of mode %s', async (mode) => {
    const path = await existingFile();
    chmodSync(path, mode);
    await expectRefusal(path, 'file_open_to_others', `chmod 600 ${path}`);
    chmodSync(path, 0o600);
    expect(await refusalOf(path)).toEqual({ ok: true });
  });

  test('S27 a log beside the file that others can read', async () => {
    const path = join(tempFolder(), 'tokens.db');
    writeFileSync(`${path}-wal`, '', { mode: 0o600 });
    chmodSync(`${path}-wal`, 0o644);
    await expectRefusal(path, 'file_open_to_others', `chmod 600 ${path}-wal`);
  });

  test.each(['0770', '0707'])('S27 a folder of mode %s', async (mode) => {
    const folder = tempFolder();
    chmodSync(folder, mode);
    const path = join(folder, 'tokens.db');
    const refusal = await refusalOf(path);
    expect(refusal).toMatchObject({ reason: 'folder_writable_by_others' });
    expect(refusal.message).toContain(`${folder}/tokenkeep/tokens.db`);
    expect(refusal.message).toContain(`chmod go-w ${folder}`);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("S27 a sticky folder like /tmp, whose mode is nobody's to change", async () => {
    const folder = tempFolder();
    chmodSync(folder, '1777');
    const refusal = await refusalOf(join(folder, 'tokens.db'));
    expect(refusal).toMatchObject({ reason: 'folder_writable_by_others' });
    expect(refusal.message).toContain(`a folder of its own, e.g. ${folder}/tokenkeep/tokens.db`);
    expect(refusal.message).not.toContain('chmod');
    expect(await refusalOf(join(folder, 'tokenkeep/tokens.db'))).toEqual({ ok: true });
  });

  asNobodyTest('S27 a folder of root that others can write to', async () => {
    const folder = tempFolder();
    chmodSync(folder, '0777');
    const path = join(folder, 'tokens.db');
    const refusal = await askFileProgram<Outcome>('open', { path }, { wrapper: asNobody });
    expect(refusal).toMatchObject({ reason: 'folder_writable_by_others' });
    expect(refusal.message).toContain(`a folder of its own, e.g. ${folder}/tokenkeep/tokens.db`);
    expect(refusal.message).not.toContain('chmod');
  });

  test('S27 a symbolic link, also one that leads nowhere', async () => {
    const target = await existingFile();
    const path = join(tempFolder(), 'link.db');
    symlinkSync(target, path);
    await expectRefusal(path, 'symbolic_link', `readlink -f ${path}`);
    const nowhere = join(tempFolder(), 'nowhere.db');
    symlinkSync(join(tempFolder(), 'missing'), nowhere);
    await expectRefusal(nowhere, 'symbolic_link', nowhere);
  });

  test('S27 a file with a second name', async () => {
    const path = await existingFile();
    linkSync(path, `${path}.second`);
    await expectRefusal(path, 'hard_link', `-samefile ${path}`);
  });

  test('S27 a named pipe, without waiting for its writer', async () => {
    const path = join(tempFolder(), 'pipe');
    spawnSync('mkfifo', ['-m', '600', path]);
    await expectRefusal(path, 'not_a_file', 'Choose another path');
  });

  test.each(['/dev/null', '/dev'])('S27 nobody is told to remove %s', async (path) => {
    const { code, message } = await refusalOf(path);
    expect(code).toBe('STORE_MISCONFIGURED');
    expect(message).not.toMatch(/\brm\b|remove/);
  });

  asNobodyTest('S27 a file or folder of another user', async () => {
    const path = await existingFile();
    chownSync(path, NOBODY, NOBODY);
    await expectRefusal(path, 'other_owner', `chown ${process.geteuid?.()} ${path}`);
    const folder = tempFolder();
    chownSync(folder, NOBODY, NOBODY);
    const refusal = await refusalOf(join(folder, 'tokens.db'));
    expect(refusal).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'other_owner' });
    expect(refusal.message).toContain('a folder of your own');
    expect(refusal.message).not.toContain('chown');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('S27 a path that a shell would tear apart is quoted in the fix', async () => {
    const path = join(tempFolder(), "it's a $(name).db");
    writeFileSync(path, '', { mode: 0o600 });
    chmodSync(path, 0o644);
    const { message = '' } = await refusalOf(path);
    const [, quoted = ''] = message.split('chmod 600 ');
    expect(spawnSync('sh', ['-c', `printf %s ${quoted}`]).stdout.toString()).toBe(path);
  });
});

describe('F65 what cannot be opened is named', () => {
  test('F65 the path is a directory', async () => {
    const path = tempFolder();
    await expectRefusal(path, 'is_a_folder', `${path}/tokens.db`);
  });

  test('F65 a part of the path is a file', async () => {
    const path = join(await existingFile(), 'tokens.db');
    await expectRefusal(path, 'no_folder', path);
  });

  // In a process of its own: a loop in there would not end with the test.
  onLinuxTest.each(['/proc/x/tokens.db', '/proc/x/y/tokens.db', '/proc/tokens.db'])(
    'F65 ENOENT: %s is where no folder can be made, and does not hang',
    async (path) => {
      const wrapper = ['timeout', '20'];
      const refusal = await askFileProgram<Outcome>('open', { path }, { wrapper });
      expect(refusal).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'no_folder' });
      expect(refusal.message).toContain(path);
      expect(refusal.message).toContain('local disk');
    },
  );

  test('F65 a folder on the way is a link that leads nowhere', async () => {
    const folder = tempFolder();
    symlinkSync(join(folder, 'missing'), join(folder, 'link'));
    const path = join(folder, 'link/more/tokens.db');
    await expectRefusal(path, 'no_folder', `namei -l ${path}`);
  });

  test('F65 a path without end is refused', async () => {
    const path = `${tempFolder()}/${'x/'.repeat(100_000)}tokens.db`;
    expect(await refusalOf(path)).toMatchObject({ reason: 'name_too_long' });
  });

  test('F65 the file is not a SQLite database, and stays as it is', async () => {
    const path = join(tempFolder(), 'tokens.db');
    const text = 'something else, and dear to somebody\n'.repeat(100);
    writeFileSync(path, text, { mode: 0o600 });
    await expectRefusal(path, 'not_sqlite', 'another path');
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test('F65 an empty file, as an interrupted start leaves it, is used', async () => {
    const path = join(tempFolder(), 'tokens.db');
    writeFileSync(path, '', { mode: 0o600 });
    expect(await refusalOf(path)).toEqual({ ok: true });
  });

  test('F65 the file is closed to its own user', async () => {
    const path = await existingFile();
    chmodSync(path, 0o400);
    await expectRefusal(path, 'read_only', `chmod 600 ${path}`);
  });

  asNobodyTest('F65 EACCES: a folder on the way is closed', async () => {
    const path = join(tempFolder(), 'closed', 'tokens.db');
    const refusal = await askFileProgram<Outcome>('open', { path }, { wrapper: asNobody });
    expect(refusal).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'permission_denied' });
    expect(refusal.message).toContain(`namei -l ${path}`);
  });

  asNobodyTest('F65 EACCES: the folder cannot be written', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o755);
    const path = join(folder, 'tokens.db');
    const refusal = await askFileProgram<Outcome>('open', { path }, { wrapper: asNobody });
    expect(refusal).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'permission_denied' });
    expect(refusal.message).toContain(path);
  });

  onSmallDiskTest('F65 EROFS: the file system is mounted read-only', async () => {
    const folder = tempFolder();
    const path = join(folder, 'tokens.db');
    const wrapper = onSmallDisk(folder, 'size=1m,mode=700,ro');
    const refusal = await askFileProgram<Outcome>('open', { path }, { wrapper });
    expect(refusal).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'read_only_file_system' });
    expect(refusal.message).toContain(path);
  });

  onSmallDiskTest(
    'F65 ENOSPC: the disk is full at the start, and opens once it is not',
    async () => {
      const folder = tempFolder();
      const wrapper = onSmallDisk(folder, 'size=1m,mode=700');
      type Answer = { full: Outcome; after: Outcome };
      const { full, after } = await askFileProgram<Answer>(
        'openOnFullDisk',
        { folder },
        { wrapper },
      );
      expect(full).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'disk_full' });
      expect(full.message).toContain(`df -h ${folder}`);
      expect(after).toEqual({ ok: true });
    },
  );

  onSmallDiskTest('F57 F65 ENOSPC: a disk that fills up later loses nothing', async () => {
    const folder = tempFolder();
    const wrapper = onSmallDisk(folder, 'size=4m,mode=700');
    type Answer = {
      refused: Outcome;
      again: Outcome;
      readable: boolean;
      after: Outcome;
      acknowledged: string[];
      kept: string[];
    };
    const answer = await askFileProgram<Answer>('fillDisk', { folder }, { wrapper });
    const refusal = { code: 'STORE_UNAVAILABLE', reason: 'disk_full', retryable: true };
    expect(answer.refused).toMatchObject(refusal);
    expect(answer.refused.message).toContain(`df -h ${folder}`);
    expect(answer.again).toMatchObject(refusal);
    expect(answer.readable).toBe(true);
    expect(answer.after).toEqual({ ok: true });
    expect(answer.kept).toEqual(answer.acknowledged);
  });

  test.each([false, true])(
    'F65 EMFILE: too many open files (file exists: %s)',
    async (existing) => {
      const path = join(tempFolder(), 'tokens.db');
      const wrapper = ['sh', '-c', 'ulimit -n 256 && exec "$0" "$@"'];
      type Answer = { result: Outcome; later: Outcome };
      const facts = { path, existing };
      const answer = await askFileProgram<Answer>('openWithoutDescriptors', facts, { wrapper });
      expect(answer.result).toMatchObject({
        code: 'STORE_MISCONFIGURED',
        reason: 'too_many_files',
      });
      expect(answer.result.message).toContain(path);
      expect(answer.later).toEqual({ ok: true });
    },
  );
});

describe('S26 files are private at every instant', () => {
  test.each(['000', '022', '077'])('S26 under umask %s', async (octal) => {
    const umask = Number.parseInt(octal, 8);
    const folder = tempFolder();
    const done = join(tempFolder(), 'done');
    const child = new Child('churn', { folder, umask, rounds: 12, done }, { program: fileProgram });
    const seen = new Map<string, Set<number>>();
    const looked = watchModes(folder, done, seen);
    await child.ended;
    expect(looked).toBeGreaterThan(100);
    expect([...seen.keys()].sort()).toEqual(
      expect.arrayContaining(['made', 'tokens.db', 'tokens.db-shm', 'tokens.db-wal']),
    );
    for (const [name, modes] of seen) {
      expect([name, ...modes]).toEqual([name, name === 'made' ? 0o700 : 0o600]);
    }
  });

  /** Looks as often as it can; blocks this process until the child says it is done. */
  function watchModes(folder: string, done: string, seen: Map<string, Set<number>>): number {
    const names = ['', '-wal', '-shm', '-journal'].map((suffix) => `made/tokens.db${suffix}`);
    let looked = 0;
    const giveUpAt = performance.now() + 30_000;
    const look = (path: string, name: string) => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found === undefined) return;
      looked += 1;
      const modes = seen.get(name) ?? new Set();
      seen.set(name, modes.add(found.mode & 0o7777));
    };
    while (!existsSync(done) && performance.now() < giveUpAt) {
      look(join(folder, 'made'), 'made');
      for (const name of names) look(join(folder, name), name.slice('made/'.length));
    }
    for (const name of ['made', ...names]) look(join(folder, name), name.replace('made/', ''));
    return looked;
  }

  test('S26 a folder that exists keeps its mode, missing parents are private', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o755);
    const previous = process.umask(0);
    try {
      mkdirSync(join(folder, 'shared'), { mode: 0o755 });
      const path = join(folder, 'shared', 'one', 'two', 'tokens.db');
      expect(await refusalOf(path)).toEqual({ ok: true });
    } finally {
      process.umask(previous);
    }
    const modeOf = (name: string) => lstatSync(join(folder, name)).mode & 0o777;
    expect(modeOf('shared')).toBe(0o755);
    expect(modeOf('shared/one')).toBe(0o700);
    expect(modeOf('shared/one/two')).toBe(0o700);
  });
});
