import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { defaultParameters } from '@tokenkeep/core';
import {
  type StoreKind,
  type StoreServer,
  type StoreSettings,
  storeKinds,
} from '@tokenkeep/servers';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describeStores } from '../describe-stores.js';
import type { Measured } from './processes/engine-process.js';
import { RealWorld, until } from './processes/real-world.js';

const accounts = Array.from({ length: 100 }, (_, index) => `account-${index}`);
const lifeMs = 5_000;
/** Renewals until everything is loaded and cached, and renewals that are looked at. */
const warmUp = 3 * accounts.length;
const soaked = 4 * accounts.length;
/** What one renewal may leave behind: less than the smallest thing it works with. */
const mostBytes = 500;

interface Sample extends Measured {
  readonly refreshes: number;
  /** As the store's server counts them; a file has none. */
  readonly connections: number;
}

/** All stores at the same time: a soak is mostly waiting. */
const limitMs = 150_000;
const soaks = new Map<StoreKind['name'], Promise<readonly Sample[]>>();
const servers: StoreServer[] = [];
beforeAll(async () => {
  for (const { name, missing, start } of storeKinds) {
    if (missing !== undefined) continue;
    const server = await start();
    servers.push(server);
    soaks.set(name, soak(server));
  }
  for (const running of soaks.values()) running.catch(() => {});
}, limitMs);
afterAll(async () => {
  await Promise.allSettled(soaks.values());
  for (const server of servers) await server.stop();
}, limitMs);

/** One process that keeps many short lives, looked at each second once it is warm. */
async function soak(stores: StoreServer): Promise<readonly Sample[]> {
  await using world = await RealWorld.begin(
    {
      accounts,
      rotation: { kind: 'strict' },
      provider: { inDoubt: 'resend-once' },
      rules: { accessLifeMs: lifeMs },
      parameters: defaultParameters,
    },
    stores,
  );
  const child = await world.process({}, { measured: true });
  await Promise.all(accounts.map((key) => child.ask('token', { key })));
  await child.ask('start');
  const { log } = world.server;
  const refreshes = () => log.count({ operation: 'refresh' });
  await until(() => refreshes() >= warmUp, limitMs / 2);
  const samples: Sample[] = [];
  while (refreshes() < warmUp + soaked) {
    const measured = await child.ask<Measured>('measure');
    const connections = await connectionsTo(world.store);
    samples.push({ ...measured, refreshes: refreshes(), connections });
    await sleep(250);
  }
  expect(log.replays()).toEqual([]);
  expect(log.logins()).toHaveLength(accounts.length);
  return samples;
}

async function connectionsTo(store: StoreSettings): Promise<number> {
  if (store.kind === 'postgres') {
    const client = new Client({ connectionString: store.url });
    await client.connect();
    const named = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tokenkeep'";
    const { rows } = await client.query(named);
    await client.end();
    return Number(rows[0].count);
  }
  if (store.kind === 'redis') {
    const client = new Redis(store.url);
    const info = await client.info('clients');
    client.disconnect();
    return Number(/connected_clients:(\d+)/.exec(info)?.[1]);
  }
  return 0;
}

/**
 * How much more there is in the last quarter than in the first. The least of each, as that is what
 * there is between two renewals.
 */
function growth(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const quarter = Math.floor(samples.length / 4);
  const values = samples.map(of);
  return Math.min(...values.slice(-quarter)) - Math.min(...values.slice(0, quarter));
}

describeStores(storeKinds, ({ name }) => {
  let samples: readonly Sample[];
  beforeAll(async () => {
    samples = (await soaks.get(name)) ?? [];
  }, limitMs);

  const refreshes = () => growth(samples, (sample) => sample.refreshes);

  test('F74 I9 the heap does not grow with what was renewed', () => {
    expect(refreshes()).toBeGreaterThan(soaked / 2);
    expect(growth(samples, ({ heapBytes }) => heapBytes) / refreshes()).toBeLessThan(mostBytes);
  });

  test('F74 I9 timers, sockets and connections stay as many as they were', () => {
    for (const kind of new Set(samples.flatMap(({ resources }) => Object.keys(resources)))) {
      const grown = growth(samples, ({ resources }) => resources[kind] ?? 0);
      expect([kind, Math.max(grown, 2)]).toEqual([kind, 2]);
    }
    // Between two renewals one timer is for all accounts; a renewal under way has a few of its own.
    const timers = samples.map(({ resources }) => resources.Timeout ?? 0);
    expect(Math.min(...timers)).toBeLessThanOrEqual(10);
    expect(growth(samples, ({ connections }) => connections)).toBeLessThanOrEqual(0);
  });

  test('F74 a renewal is worth three log lines at most, debugging included', () => {
    expect(growth(samples, ({ logLines }) => logLines) / refreshes()).toBeLessThanOrEqual(3);
  });
});
