import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LogEntry, RequestLog } from '@tokenkeep/testing';

const plain: Omit<LogEntry, 'seq'> = {
  at: 0,
  method: 'POST',
  path: '/',
  operation: 'refresh',
  outcome: 'issued',
  replay: false,
  familyRevoked: false,
  status: 200,
  connection: 1,
  bodyBytes: 0,
};

describe('RequestLog', () => {
  test('entries are numbered and frozen', () => {
    const log = new RequestLog();
    const first = log.append(plain);
    log.append(plain);
    expect(log.entries.map((entry) => entry.seq)).toEqual([1, 2]);
    expect(Object.isFrozen(first)).toBe(true);
    expect(log.last?.seq).toBe(2);
  });

  test('counts by equality or by predicate', () => {
    const log = new RequestLog();
    log.append(plain);
    log.append({ ...plain, operation: 'obtain', outcome: 'refused', status: 401 });
    log.append({ ...plain, replay: true });
    expect(log.count()).toBe(3);
    expect(log.count({ operation: 'refresh' })).toBe(2);
    expect(log.count({ operation: 'refresh', replay: true })).toBe(1);
    expect(log.count((entry) => entry.status >= 400)).toBe(1);
    expect(log.logins()).toHaveLength(1);
    expect(log.replays()).toHaveLength(1);
  });

  test('counts sends of each generation of each account', () => {
    const log = new RequestLog();
    log.append({ ...plain, accountId: 'a', presentedGeneration: 1 });
    log.append({ ...plain, accountId: 'a', presentedGeneration: 2 });
    log.append({ ...plain, accountId: 'a', presentedGeneration: 2, outcome: 'faulted' });
    log.append({ ...plain, accountId: 'b', presentedGeneration: 2 });
    log.append(plain);
    expect(Object.fromEntries(log.requestsPerGeneration())).toEqual({
      'a#1': 1,
      'a#2': 2,
      'b#2': 1,
    });
  });

  test('a rolling window holds its start and not its end', () => {
    const log = new RequestLog();
    for (const at of [0, 10, 19, 20, 29, 100]) log.append({ ...plain, at });
    expect(log.maxPerRollingWindow('refresh', 10)).toBe(2);
    expect(log.maxPerRollingWindow('refresh', 11)).toBe(3);
    expect(log.maxPerRollingWindow('refresh', 1_000)).toBe(6);
    expect(log.maxPerRollingWindow('obtain', 1_000)).toBe(0);
    expect(log.between(10, 20).map((entry) => entry.at)).toEqual([10, 19]);
  });

  describe('with a file', () => {
    let directory: string;
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'request-log-'));
    });
    afterEach(() => rm(directory, { recursive: true }));

    test('another process reads what was logged', async () => {
      const file = join(directory, 'log.jsonl');
      const log = new RequestLog(file);
      log.append({ ...plain, accountId: 'a' });
      log.append({ ...plain, operation: 'api' });
      expect([...RequestLog.fromFile(file)]).toEqual([...log]);
      expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(3);
      expect((await stat(file)).mode & 0o077).toBe(0);
    });
  });
});
