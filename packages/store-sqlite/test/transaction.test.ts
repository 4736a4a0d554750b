import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { connect } from '../src/connection.js';
import { transactions } from '../src/transaction.js';
import { tempFolders } from './temp-folder.js';

const tempFolder = tempFolders();

test('a reader that met a lock and came back keeps no lock of its own', () => {
  const path = join(tempFolder(), 'plain.db');
  const [writer, reader] = [connect(path), connect(path)];
  writer.exec('PRAGMA busy_timeout = 0; CREATE TABLE t (x)');
  reader.exec('PRAGMA busy_timeout = 0');
  const read = () =>
    transactions(reader).run('reading', () => reader.prepare<object>('SELECT x FROM t').all());
  expect(read()).toEqual([]);
  writer.exec('BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)');
  expect(read).toThrow('locked');
  writer.exec('COMMIT');
  expect(read()).toEqual([{ x: 1 }]);
  expect(() => writer.exec('BEGIN EXCLUSIVE; COMMIT')).not.toThrow();
  writer.close();
  reader.close();
});
