import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import {
  type Escrow,
  type EscrowEntry,
  type EscrowFile,
  type EscrowFiles,
  fileEscrow,
  processHolder,
  systemRandom,
} from '../src/index.js';

const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-escrow-'));
  folders.push(folder);
  return folder;
}

const opened: Escrow[] = [];
afterAll(async () => {
  await Promise.allSettled(opened.map((escrow) => escrow.close()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function escrowIn(folder: string): Escrow {
  const escrow = fileEscrow(folder, processHolder(systemRandom()));
  opened.push(escrow);
  return escrow;
}

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
      if (length === 8 && ++frees === 2) await held;
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

/** As seen from another machine, or from another container: it cannot tell who lives. */
const stranger = { id: 'elsewhere', isGone: () => false };

test('a pair whose owner may live can be brought home by others, and stays his to remove', async () => {
  const folder = newFolder();
  const escrow = escrowIn(folder);
  await escrow.put(entry('aa'));
  const others = fileEscrow(folder, stranger);
  expect(await others.entries()).toEqual([{ ...entry('aa'), ownerMayLive: true }]);
  await others.remove('aa');
  expect(await others.entries()).toHaveLength(1);
  await escrow.remove('aa');
  expect(await others.entries()).toEqual([]);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('what an earlier boot of this machine left is found, and its file goes with its last pair', async () => {
  const folder = newFolder();
  await escrowIn(folder).put(entry('aa'));
  const booted = fileEscrow(folder, { ...stranger, isOfEarlierBoot: () => true });
  expect(await booted.entries()).toEqual([{ ...entry('aa'), ownerMayLive: false }]);
  await booted.remove('aa');
  expect(readdirSync(folder)).toEqual([]);
});

test('a holder tells an earlier boot of its machine from another machine, and from itself', () => {
  const holder = processHolder(systemRandom());
  const [machine, , ...rest] = holder.id.split('.');
  const earlier = [machine, '0123456789', ...rest].join('.');
  expect(holder.isOfEarlierBoot?.(earlier)).toBe(true);
  // Two machines that were copied share a name: no claim is taken over for it.
  expect(holder.isGone(earlier)).toBe(false);
  expect(holder.isOfEarlierBoot?.(['another', '0123456789', ...rest].join('.'))).toBe(false);
  expect(holder.isOfEarlierBoot?.(holder.id)).toBe(false);
});

test('a write that is half old and half new is no entry', async () => {
  const folder = newFolder();
  const escrow = escrowIn(folder);
  const long = (attemptId: string) => ({ ...entry(attemptId), record: attemptId.repeat(4_500) });
  const contents = () => readFileSync(join(folder, readdirSync(folder)[0] ?? ''));
  await escrow.put(long('aa'));
  const before = contents();
  await escrow.remove('aa');
  await escrow.put(long('bb'));
  // A power cut kept the first page of the write, and lost the others.
  const torn = Buffer.concat([contents().subarray(0, 4_096), before.subarray(4_096)]);
  writeFileSync(join(folder, readdirSync(folder)[0] ?? ''), torn);
  expect(await attemptsIn(folder)).toEqual([]);
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

test('half a file that could not be removed either is not in the way once the disk is well', async () => {
  const folder = newFolder();
  let isIll = true;
  const failing = async () => {
    throw Object.assign(new Error('i/o error'), { code: 'EIO' });
  };
  const open = async (...of: Parameters<typeof nodeFiles.open>) => {
    const file = await nodeFiles.open(...of);
    return isIll ? Object.assign(file, { sync: failing }) : file;
  };
  const rm = (...of: Parameters<typeof nodeFiles.rm>) => (isIll ? failing() : nodeFiles.rm(...of));
  const files = { ...nodeFiles, open, rm } as EscrowFiles;
  const escrow = fileEscrow(folder, processHolder(systemRandom()), files);
  opened.push(escrow);
  await expect(escrow.reserve?.()).rejects.toMatchObject({ reason: 'escrow_failed' });
  expect(readdirSync(folder)).toHaveLength(1);
  isIll = false;
  await escrow.reserve?.();
  await escrow.put(entry('aa'));
  await escrow.close();
  expect(await attemptsIn(folder)).toEqual(['aa']);
});

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
