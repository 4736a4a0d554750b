import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { systemClock, TokenError, type TokenStore } from '@tokenkeep/core';
import { type SqliteStoreOptions, sqliteStore } from '@tokenkeep/store-sqlite';
import { change } from '@tokenkeep/testing/conformance';
import { connect } from '../src/connection.js';
import { tempFolders } from './temp-folder.js';

const tempFolder = tempFolders();
const newPath = () => join(tempFolder(), 'tokens.db');

async function opened(path: string, options = {}): Promise<TokenStore> {
  const store = sqliteStore({ path, ...options });
  await store.open();
  return store;
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a store on a file', () => {
  test('says who can share it and where its neighbours go', () => {
    const { traits } = sqliteStore({ path: '/data/tokens.db' });
    expect(traits).toEqual({
      name: 'sqlite',
      location: '/data/tokens.db',
      durable: true,
      sharedBy: 'host',
      steadyClock: true,
      escrowFolder: '/data/tokens.db.escrow',
      keyFile: '/data/tokens.db.key',
    });
  });

  test('shows committed rows to a second store at once', async () => {
    const path = newPath();
    const [one, two] = [await opened(path), await opened(path)];
    await one.write([change('a', { body: '"first"' })]);
    expect((await two.read('account', 'a')).row?.body).toBe('"first"');
    await Promise.all([one.close(), two.close()]);
  });

  test('keeps rows over close and open', async () => {
    const store = await opened(newPath());
    await store.write([change('a')]);
    await store.close();
    await store.open();
    expect((await store.read('account', 'a')).row?.version).toBe(1);
    await store.close();
  });

  test('keeps a write-ahead log, so that readers and the writer do not wait for each other', async () => {
    const path = newPath();
    const store = await opened(path);
    expect(connect(path).pragma('journal_mode')).toBe('wal');
    await store.close();
  });

  test('closes twice, and refuses work before open and after close', async () => {
    const store = sqliteStore({ path: newPath() });
    const refusal = { code: 'STORE_UNAVAILABLE', reason: 'not_open', retryable: false };
    await expect(store.now()).rejects.toMatchObject(refusal);
    await store.open();
    await Promise.all([store.close(), store.close()]);
    await store.close();
    await expect(store.now()).rejects.toMatchObject(refusal);
  });

  test('leaves everything in the one file when it closes', async () => {
    const path = newPath();
    const store = await opened(path);
    await store.write([change('a')]);
    await store.close();
    const copy = newPath();
    writeFileSync(copy, readFileSync(path), { mode: 0o600 });
    const reader = await opened(copy);
    expect((await reader.read('account', 'a')).row?.version).toBe(1);
    await reader.close();
  });

  test('text that SQLite would change is refused, and nothing is written', async () => {
    const store = await opened(newPath());
    const refusal = { code: 'CONFIGURATION_INVALID', reason: 'unstorable_text' };
    for (const id of ['a\0b', 'a\ud800']) {
      await expect(store.write([change('ok'), change(id)])).rejects.toMatchObject(refusal);
      await expect(store.read('account', id)).rejects.toMatchObject(refusal);
    }
    expect(await store.list('account', undefined, 9)).toEqual([]);
    await store.close();
  });

  test.each<[mistake: string, options: unknown, words: string]>([
    ['no options', undefined, 'sqliteStore({ path }) wants a path, got undefined'],
    ['null', null, 'sqliteStore({ path }) wants a path, got null'],
    ['a path alone', 'tokens.db', "sqliteStore({ path: 'tokens.db' })"],
    ['no path', {}, 'sqliteStore({ path }) wants a path, got undefined'],
    ['an empty path', { path: '' }, 'got an empty text'],
    ['a path of another type', { path: new URL('file:///data/tokens.db') }, 'got an object'],
    ['a path with a NUL', { path: 'a\0' }, 'NUL'],
    ['memory', { path: ':memory:' }, 'leave "store" out'],
    ['a file URI', { path: 'file:tokens.db?cache=shared' }, 'plain path'],
    ['a file URL', { path: 'file:///data/tokens.db' }, 'plain path'],
    ['an unknown option', { path: 'data/tokens.db', lockWait: 9 }, '"lockWait"'],
    [
      'an unknown option, with the known ones',
      { path: 'data/tokens.db', lockWait: 9 },
      'path, lockWaitMs, bootId, clock, random',
    ],
    ['a wait that is no number', { path: 'data/tokens.db', lockWaitMs: '5 s' }, 'lockWaitMs'],
    ['a wait without end', { path: 'data/tokens.db', lockWaitMs: Infinity }, 'lockWaitMs'],
    ['a boot id that is no text', { path: 'data/tokens.db', bootId: 7 }, 'bootId'],
  ])('a wrong option is named: %s', (_mistake, options, words) => {
    const make = () => sqliteStore(options as SqliteStoreOptions);
    expect(make).toThrow(words);
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }));
  });

  test('an option that is undefined has its default', () => {
    const options = { path: 'data/tokens.db', lockWaitMs: undefined };
    expect(() => sqliteStore(options as unknown as SqliteStoreOptions)).not.toThrow();
  });

  test('errors name the path and never what was written', async () => {
    const path = newPath();
    const store = await opened(path);
    const canary = 'sk-canary-4711';
    const odd = { ...change(canary, { body: `"${canary}"` }), fence: 0.5 };
    const error = await failure(store.write([odd]));
    expect(TokenError.is(error, 'STORE_UNAVAILABLE')).toBe(true);
    expect(error).toMatchObject({ reason: 'driver_error', retryable: false });
    expect(String(error)).toContain(path);
    expect(JSON.stringify([String(error), error, (error as Error).cause])).not.toContain(canary);
    expect((await store.read('account', canary)).row).toBeUndefined();
    await store.close();
  });

  test('a file that is replaced under the store takes no more writes', async () => {
    const path = newPath();
    const store = await opened(path);
    await store.write([change('a')]);
    renameSync(path, `${path}.old`);
    const refusal = { code: 'STORE_UNAVAILABLE', reason: 'file_replaced' };
    await expect(store.write([change('b')])).rejects.toMatchObject(refusal);
    const query = { ids: ['a'], holder: 'me', leaseMs: 1, limit: 1 };
    await expect(store.claimDue(query)).rejects.toMatchObject(refusal);
    renameSync(`${path}.old`, path);
    expect(await store.write([change('b')])).toMatchObject({ written: true });
    await store.close();
  });
});

describe('F59 after a power cut', () => {
  test('F59 whatever part of the log was lost, the file opens with a committed state', async () => {
    const path = newPath();
    const store = await opened(path);
    const count = 6;
    for (let expected = 0; expected < count; expected += 1) {
      await store.write([
        change('a', { expected, body: `${expected}` }),
        change('b', { kind: 'budget', expected, body: `${expected}` }),
      ]);
    }
    const log = readFileSync(`${path}-wal`);
    const seen = new Set<number>();
    for (let cut = 0; cut <= log.length; cut += 1_357) {
      seen.add(await versionAfterCut(path, log.subarray(0, cut)));
    }
    const torn = Buffer.from(log);
    torn.fill(0xa5, log.length - 3_000, log.length - 2_000);
    seen.add(await versionAfterCut(path, torn));
    seen.add(await versionAfterCut(path, log));
    expect(seen).toContain(count);
    expect(seen.size).toBeGreaterThan(3);
    await store.close();
  });

  async function versionAfterCut(path: string, log: Buffer): Promise<number> {
    const copy = newPath();
    copyFileSync(path, copy);
    writeFileSync(`${copy}-wal`, log, { mode: 0o600 });
    const store = await opened(copy);
    const account = (await store.read('account', 'a')).row;
    const budget = (await store.read('budget', 'b')).row;
    await store.close();
    expect(budget?.version).toBe(account?.version);
    expect(budget?.body).toBe(account?.body);
    return account?.version ?? 0;
  }
});

describe('waiting for a lock', () => {
  /** A clock whose sleeps are over at once and counted. */
  function quickClock() {
    const sleeps: number[] = [];
    let now = 0;
    const sleep = async (ms: number) => {
      sleeps.push(ms);
      now += ms;
    };
    return { sleeps, sleep, monotonic: () => now, boot: () => systemClock().boot() };
  }

  test('F65 a lock that is never released ends in an error after the limit, without spinning', async () => {
    const path = newPath();
    const clock = quickClock();
    const store = await opened(path, { clock });
    const holder = connect(path);
    holder.exec('BEGIN IMMEDIATE');
    await expect(store.write([change('a')])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'busy',
      retryable: true,
      message: expect.stringContaining(path),
    });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(5_000);
    expect(clock.monotonic()).toBeLessThan(5_100);
    expect(clock.sleeps.length).toBeLessThan(250);
    holder.exec('COMMIT');
    expect(await store.write([change('a')])).toMatchObject({ written: true });
    await store.close();
  });

  test('the event loop goes on, readers do not wait, and the write happens once', async () => {
    const path = newPath();
    const store = await opened(path);
    const holder = connect(path);
    holder.exec('BEGIN IMMEDIATE');
    const write = store.write([change('a')]);
    // A read between two attempts of the write finds the driver in order.
    expect((await store.read('account', 'a')).row).toBeUndefined();
    await systemClock().sleep(100);
    holder.exec('COMMIT');
    expect(await write).toMatchObject({ written: true });
    expect((await store.read('account', 'a')).row?.version).toBe(1);
    await store.close();
  });

  test('a store that is closed while it waits says so', async () => {
    const path = newPath();
    const store = await opened(path);
    const holder = connect(path);
    holder.exec('BEGIN IMMEDIATE');
    const waiting = failure(store.write([change('a')]));
    await store.close();
    expect(await waiting).toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'not_open' });
    holder.exec('COMMIT');
  });
});
