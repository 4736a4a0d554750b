import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import {
  type EscrowEntry,
  type EscrowFile,
  type EscrowFiles,
  fileEscrow,
  processHolder,
  systemRandom,
} from '../src/index.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-escrow-'));
  folders.push(folder);
  return folder;
}

const escrowIn = (folder: string) => fileEscrow(folder, processHolder(systemRandom()));

const entry = (attemptId: string): EscrowEntry => ({
  attemptId,
  account: 'crm-api/crm',
  incarnation: '1.abc',
  generation: 1,
  record: '{}',
});

const attemptsIn = async (folder: string) =>
  (await escrowIn(folder).entries()).map(({ attemptId }) => attemptId).sort();

test('what is put while the escrow is being closed is kept, wherever the close has come to', async () => {
  for (let turn = 0; turn < 20; turn += 1) {
    const folder = newFolder();
    const escrow = escrowIn(folder);
    await escrow.put(entry('aa'));
    const putting = escrow.put(entry('bb'));
    for (let at = 0; at < turn; at += 1) await Promise.resolve();
    const closing = escrow.close();
    expect(await putting).toBe(true);
    await closing;
    // Twice does no harm: whoever brings it home does so once.
    expect([...new Set(await attemptsIn(folder))]).toEqual(['aa', 'bb']);
  }
});

test('what is removed after the close is found by nobody, and makes no new file', async () => {
  const folder = newFolder();
  const escrow = escrowIn(folder);
  await escrow.put(entry('aa'));
  await escrow.put(entry('bb'));
  await escrow.close();
  await escrow.remove('aa');
  expect(await attemptsIn(folder)).toEqual(['bb']);
  await escrow.remove('bb');
  expect(await attemptsIn(folder)).toEqual([]);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('an entry that two remove at once is removed once, and its slot is not freed of the next', async () => {
  const folder = newFolder();
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let frees = 0;
  const open = async (...of: Parameters<typeof nodeFiles.open>) => {
    const file = await nodeFiles.open(...of);
    const write = file.write.bind(file) as EscrowFile['write'];
    const slow: EscrowFile['write'] = async (...what) => {
      const [, , length] = what;
      const result = await write(...what);
      // The disk has done it; whoever asked hears of it later.
      if (length === 4 && ++frees === 2) await held;
      return result;
    };
    return Object.assign(file, { write: slow });
  };
  const files = { ...nodeFiles, open } as EscrowFiles;
  const escrow = fileEscrow(folder, processHolder(systemRandom()), files);
  await escrow.put(entry('aa'));
  const removals = [escrow.remove('aa'), escrow.remove('aa')];
  await removals[0];
  await escrow.put(entry('bb'));
  letGo();
  await Promise.all(removals);
  await escrow.put(entry('cc'));
  await escrow.close();
  expect(await attemptsIn(folder)).toEqual(['bb', 'cc']);
});

test('after the close no room is made any more: nothing single-use is sent', async () => {
  const folder = newFolder();
  const escrow = escrowIn(folder);
  await escrow.close();
  await expect(escrow.reserve?.()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(readdirSync(folder)).toEqual([]);
});

test.each(['readdir', 'open', 'read'] as const)(
  'a disk that fails at %s is told from an escrow that is empty: the pair may be in there',
  async (step) => {
    const folder = newFolder();
    const escrow = escrowIn(folder);
    await escrow.put(entry('aa'));
    const ioError = async () => {
      throw Object.assign(new Error('i/o error'), { code: 'EIO' });
    };
    const open = async (...of: Parameters<typeof nodeFiles.open>) => {
      const file = await nodeFiles.open(...of);
      return Object.assign(file, { readFile: ioError });
    };
    const broken = { readdir: { readdir: ioError }, open: { open: ioError }, read: { open } }[step];
    const files = { ...nodeFiles, ...broken } as EscrowFiles;
    await escrow.close();
    const next = fileEscrow(folder, processHolder(systemRandom()), files);
    await expect(next.entries()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'escrow_failed',
    });
    expect(await attemptsIn(folder)).toEqual(['aa']);
  },
);

test('every file of an escrow is for its user only, and has its room from the first instant', async () => {
  const folder = newFolder();
  const escrow = escrowIn(folder);
  await escrow.reserve?.();
  const [name = ''] = readdirSync(folder);
  const { mode, size } = statSync(join(folder, name));
  expect(mode & 0o777).toBe(0o600);
  expect(size).toBe(16 * 128 * 1_024);
  await escrow.close();
  expect(readdirSync(folder)).toEqual([]);
});
