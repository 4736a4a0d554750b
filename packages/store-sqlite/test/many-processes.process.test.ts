import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { change } from '@tokenkeep/testing/conformance';
import { Child } from '../../../test/processes/store-process.js';
import { fileProgram } from './process/file-program.js';
import { tempFolders } from './temp-folder.js';

const tempFolder = tempFolders();
const newPath = () => join(tempFolder(), 'tokens.db');
const holdsLock = (path: string) => new Child('holdLock', { path }, { program: fileProgram });

test('F65 the lock of a process that died in the middle of a change is over, and so is the change', async () => {
  const path = newPath();
  const holder = holdsLock(path);
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
  const holder = holdsLock(path);
  await holder.answer();
  const opening = sqliteStore({ path });
  const opened = opening.open();
  await holder.kill();
  await opened;
  expect(await opening.write([change('after')])).toMatchObject({ written: true });
  await opening.close();
});
