import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { storeKinds } from '@tokenkeep/servers';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { describeStores } from '../describe-stores.js';

const LIFE_MS = 2_000;
const TICK_MS = 1_000;
/** For a machine that has other work. */
const PATIENCE_MS = 500;

const examples = { PostgreSQL: 'tick-from-pg-boss.mjs', Redis: 'tick-from-bullmq.mjs' };

const logins = ['ada', 'bob', 'cleo'].map((username) => ({ username, password: `${username}-pw` }));

/** An example as a process of its own; what it is told, it is told by its environment. */
class Worker {
  output = '';
  readonly ended: Promise<unknown>;
  readonly #process: ChildProcess;

  constructor(example: string, env: Record<string, string>) {
    const program = fileURLToPath(new URL(example, import.meta.url));
    this.#process = spawn(process.execPath, [program], {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.ended = once(this.#process, 'close');
  }

  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** By its own count. */
  get renewed(): number {
    return [...this.output.matchAll(/^renewed (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  }

  async ready(): Promise<void> {
    while (!/^ready$/m.test(this.output)) {
      if (!this.isAlive) throw new Error(`It ended: ${this.output}`);
      await pause(20);
    }
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.isAlive) this.#process.kill(signal);
    await this.ended;
    return this.#process.exitCode;
  }
}

/** Every token had one successor, by one refresh with its own refresh token, and in time. */
function expectOneRefreshForEachExpiry({ log }: AuthRefreshAuthority): void {
  expect(log.replays()).toEqual([]);
  expect(log.entries.filter(({ outcome }) => outcome !== 'issued')).toEqual([]);
  expect([...log.requestsPerGeneration()].filter(([, requests]) => requests !== 1)).toEqual([]);
  const now = Date.now();
  for (const { username: accountId } of logins) {
    const issued = log.where({ accountId });
    expect(issued.map(({ operation }) => operation)).toEqual(
      issued.map((_entry, at) => (at === 0 ? 'obtain' : 'refresh')),
    );
    expect(issued.map(({ generation }) => generation)).toEqual(issued.map((_entry, at) => at + 1));
    const lapses = issued.map(({ at }, index) => (issued[index + 1]?.at ?? now) - at - LIFE_MS);
    expect(Math.max(...lapses)).toBeLessThanOrEqual(TICK_MS + PATIENCE_MS);
  }
}

const refreshesSince = ({ log }: AuthRefreshAuthority, since: number) =>
  logins.map(({ username: accountId }) =>
    log.between(since, Number.POSITIVE_INFINITY).filter((entry) => entry.accountId === accountId),
  );

/**
 * Right after a tick: all that the server was asked for has been committed. What becomes of a kill in
 * the middle of a refresh is told by other tests.
 */
async function betweenTicks({ log }: AuthRefreshAuthority, workers: Worker[]): Promise<void> {
  const renewed = () => workers.reduce((sum, worker) => sum + worker.renewed, 0);
  const before = renewed();
  while (renewed() === before || renewed() !== log.length) await pause(5);
}

const kinds = storeKinds.filter(({ name }) => name !== 'SQLite');

describeStores(kinds, ({ name, start }) => {
  /** Two workers over an authority, and nothing left of them in the end. */
  async function withTwoWorkers(
    story: (authority: AuthRefreshAuthority, one: Worker, two: Worker) => Promise<void>,
  ): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-jobs-'));
    const store = await start();
    const authority = await new AuthRefreshAuthority({
      rules: { accessLifeMs: LIFE_MS, rotation: { kind: 'strict' } },
      accounts: logins.map((login) => ({ accountId: login.username, ...login })),
    }).start();
    const workers: Worker[] = [];
    try {
      const place = store.newPlace(folder);
      if (place.kind === 'sqlite') throw new Error('A file has no job system.');
      const env = {
        TOKENKEEP_STORE: store.url,
        KEY_FILE: place.keyFile,
        ESCROW_FOLDER: place.escrowFolder,
        API_URL: authority.url,
        LOGINS: JSON.stringify(logins),
      };
      const example = examples[name as keyof typeof examples];
      const one = new Worker(example, env);
      workers.push(one);
      const two = new Worker(example, env);
      workers.push(two);
      await Promise.all([one.ready(), two.ready()]);
      await story(authority, one, two);
    } finally {
      await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
      await authority.stop();
      await store.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test('two workers of a job system that call tick() send one refresh for each expiry', async () => {
    await withTwoWorkers(async (authority, one, two) => {
      await pause(7_000);
      expectOneRefreshForEachExpiry(authority);
      for (const each of refreshesSince(authority, 0)) expect(each.length).toBeGreaterThan(3);
      expect([one.isAlive, two.isAlive]).toEqual([true, true]);
      // A stop that is asked for is no crash: the tick that runs is let go to its end.
      const codes = await Promise.all([one.end('SIGTERM'), two.end('SIGTERM')]);
      expect({ codes, said: complaintsOf(one, two) }).toEqual({ codes: [0, 0], said: [] });
    });
  }, 60_000);

  test('a worker that is killed leaves the renewals to the other', async () => {
    await withTwoWorkers(async (authority, one, two) => {
      await pause(2_000);
      await betweenTicks(authority, [one, two]);
      await one.end('SIGKILL');
      const killedAt = Date.now();
      await pause(5_000);
      expectOneRefreshForEachExpiry(authority);
      for (const each of refreshesSince(authority, killedAt)) {
        expect(each.length).toBeGreaterThanOrEqual(2);
      }
      expect({ code: await two.end('SIGTERM'), said: complaintsOf(two) }).toEqual({
        code: 0,
        said: [],
      });
    });
  }, 60_000);
});

/** What workers said besides what they always say. */
function complaintsOf(...workers: Worker[]): string[] {
  return workers
    .flatMap(({ output }) => output.trim().split('\n'))
    .filter((line) => !/^(ready|renewed \d+)$/.test(line));
}
