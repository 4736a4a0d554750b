import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { change } from '@tokenkeep/testing/conformance';
import { connect } from '../src/connection.js';
import { migrations } from '../src/migrations/index.js';
import { applicationId, migrate, schemaVersion } from '../src/schema.js';
import { tempFolders } from './temp-folder.js';

const tempFolder = tempFolders();
const newPath = () => join(tempFolder(), 'tokens.db');

const next = { name: 'next', sql: 'ALTER TABLE rows ADD COLUMN note TEXT' };
const broken = { name: 'broken', sql: 'CREATE TABLE half (a); CREATE TABLE rows (a)' };

describe('the schema', () => {
  test('is named in the header of the file', async () => {
    const path = newPath();
    const store = sqliteStore({ path });
    await store.open();
    const connection = connect(path);
    expect(connection.pragma('user_version')).toBe(schemaVersion);
    expect(connection.pragma('application_id')).toBe(applicationId);
    await store.close();
  });

  test('F66 a newer schema is refused at open, before anything is touched', async () => {
    const path = newPath();
    writeFileSync(path, '', { mode: 0o600 });
    const newer = connect(path);
    newer.exec('BEGIN IMMEDIATE');
    migrate(newer, path);
    newer.exec("INSERT INTO clock VALUES (1, 'a boot', 0, 1000, 1)");
    newer.exec(`PRAGMA user_version = ${schemaVersion + 1}; COMMIT`);
    // A reboot would change rows and the clock, if it came to that.
    const older = sqliteStore({ path, bootId: 'after a reboot' });
    await expect(older.open()).rejects.toMatchObject({
      code: 'STORE_SCHEMA_NEWER',
      message: expect.stringContaining(path),
    });
    expect(newer.pragma('journal_mode')).toBe('delete');
    expect(newer.prepare<object>('SELECT epoch FROM clock').all()).toEqual([{ epoch: 1 }]);
  });

  test('F66 a schema that becomes newer under a running store stops it', async () => {
    const path = newPath();
    const store = sqliteStore({ path });
    await store.open();
    connect(path).exec(`PRAGMA user_version = ${schemaVersion + 1}`);
    const refusal = { code: 'STORE_SCHEMA_NEWER' };
    await expect(store.write([change('a')])).rejects.toMatchObject(refusal);
    await expect(store.read('account', 'a')).rejects.toMatchObject(refusal);
    await expect(store.list('account', undefined, 1)).rejects.toMatchObject(refusal);
    await store.close();
  });

  test('grows step by step and keeps what is there', () => {
    const path = newPath();
    const connection = connect(path);
    const inTransaction = (work: () => void) => {
      connection.exec('BEGIN IMMEDIATE');
      work();
      connection.exec('COMMIT');
    };
    inTransaction(() => migrate(connection, path, migrations));
    connection.exec(
      "INSERT INTO rows (kind, id, version, fence, updated_at, body) VALUES ('account', 'a', 1, 0, 0, '{}')",
    );
    inTransaction(() => migrate(connection, path, [...migrations, next]));
    inTransaction(() => migrate(connection, path, [...migrations, next]));
    expect(connection.pragma('user_version')).toBe(schemaVersion + 1);
    expect(connection.prepare<object>('SELECT id, note FROM rows').all()).toEqual([
      { id: 'a', note: null },
    ]);
  });

  test('is untouched by a step that fails half-way', () => {
    const path = newPath();
    const connection = connect(path);
    connection.exec('BEGIN IMMEDIATE');
    migrate(connection, path);
    connection.exec('COMMIT; BEGIN IMMEDIATE');
    expect(() => migrate(connection, path, [...migrations, broken])).toThrow();
    connection.exec('ROLLBACK');
    expect(connection.pragma('user_version')).toBe(schemaVersion);
    const half = "SELECT name FROM sqlite_schema WHERE name = 'half'";
    expect(connection.prepare<object>(half).all()).toEqual([]);
  });

  test('of another program is refused and left alone', async () => {
    const path = newPath();
    const store = sqliteStore({ path });
    await store.open();
    await store.close();
    const other = connect(path);
    other.exec('DROP TABLE rows; DROP TABLE clock; DROP TABLE identity; CREATE TABLE notes (text)');
    other.exec('PRAGMA application_id = 7; PRAGMA user_version = 0');
    await expect(store.open()).rejects.toMatchObject({
      code: 'STORE_MISCONFIGURED',
      reason: 'foreign_database',
    });
    expect(other.prepare<object>('SELECT name FROM sqlite_schema').all()).toEqual([
      { name: 'notes' },
    ]);
  });
});
