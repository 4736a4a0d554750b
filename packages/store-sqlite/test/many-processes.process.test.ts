import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { StoredRow, StoreTime } from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { change } from '@tokenkeep/testing/conformance';
import { Child, together } from './process/child-process.js';
import { tempFolders } from './temp-folder.js';

const tempFolder = tempFolders();
const newPath = () => join(tempFolder(), 'tokens.db');

async function rowsOf(path: string): Promise<readonly StoredRow[]> {
  const store = sqliteStore({ path });
  await store.open();
  const rows = await store.list('account', undefined, 10_000);
  await store.close();
  return rows;
}

test('four processes open a new file at once: one schema, one clock, nothing lost', async () => {
  for (let round = 0; round < 3; round += 1) {
    const path = newPath();
    const times = await together<{ time: StoreTime }>(4, 'openTogether', { path });
    expect(times.map(({ time }) => time.epoch)).toEqual([1, 1, 1, 1]);
    expect(await rowsOf(path)).toHaveLength(4);
  }
});

test('two processes never both win a version', async () => {
  const path = newPath();
  const versions = 300;
  const [one, two] = await together<{ won: number[] }>(2, 'race', { path, versions });
  const won = [...(one?.won ?? []), ...(two?.won ?? [])].sort((a, b) => a - b);
  expect(won).toEqual(Array.from({ length: versions }, (_, index) => index + 1));
});

test('four processes count one row up 200 times each, and no increment is lost', async () => {
  const path = newPath();
  await together(4, 'increment', { path, times: 200 });
  expect(await rowsOf(path)).toMatchObject([{ version: 800, body: '800' }]);
});

test('a due row is handed to one of four processes only', async () => {
  const path = newPath();
  const store = sqliteStore({ path });
  await store.open();
  const { ms } = await store.now();
  const ids = Array.from({ length: 400 }, (_, index) => `account-${index}`);
  for (const id of ids) await store.write([change(id, { due: ms })]);
  type Answer = { claimed: { id: string; fence: number; version: number }[] };
  const answers = await together<Answer>(4, 'claim', { path, ids, limit: 3 });
  const claimed = answers.flatMap((answer) => answer.claimed);
  expect(claimed.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(claimed.every(({ fence, version }) => fence === 1 && version === 2)).toBe(true);
  await store.close();
});

test('a process that is killed right after its write leaves the row behind', async () => {
  const path = newPath();
  const count = 5;
  for (let round = 0; round < count; round += 1) {
    await new Child('writeAndDie', { path, id: `row-${round}` }).ended;
  }
  const rows = await rowsOf(path);
  expect(rows.map(({ body }) => body)).toEqual(Array(count).fill('"survived"'));
});

test('F65 the lock of a process that died in the middle of a change is over, and so is the change', async () => {
  const path = newPath();
  const holder = new Child('holdLock', { path });
  await holder.answer();
  const store = sqliteStore({ path });
  await holder.kill();
  await store.open();
  expect((await store.read('account', 'before')).row?.body).toBe('{}');
  expect(await store.write([change('after')])).toMatchObject({ written: true });
  await store.close();
});

test('F65 a process that waits for a lock goes on when the holder is killed', async () => {
  const path = newPath();
  const holder = new Child('holdLock', { path });
  await holder.answer();
  const opening = sqliteStore({ path });
  const opened = opening.open();
  await holder.kill();
  await opened;
  expect(await opening.write([change('after')])).toMatchObject({ written: true });
  await opening.close();
});
