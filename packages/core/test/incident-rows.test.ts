import { describe, expect, test } from '@jest/globals';
import { TestClock } from '@tokenkeep/testing';
import { ElapsedTime } from '../src/clock/elapsed-time.js';
import { EventHub } from '../src/events/event-hub.js';
import { memoryStore, PROVIDER_CONTRACT, type TokenProvider } from '../src/index.js';
import { defaultParameters } from '../src/parameters/parameters.js';
import { AccountRegistry, type KnownAccount } from '../src/provider/account-registry.js';
import { IncidentHold } from '../src/renewal/incident-hold.js';
import { IncidentRows } from '../src/renewal/incident-rows.js';
import type { StoredRow, TokenStore } from '../src/store/token-store.js';
import { WatchedStore } from '../src/store/watched-store.js';
import { strict } from './policy-situation.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const ROW = 'crm-api/incident';

const provider: TokenProvider = {
  contract: PROVIDER_CONTRACT,
  id: 'crm-api',
  profile: strict,
  credentials: {
    '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
  },
  obtain: () => Promise.reject(new Error('nobody logs in here')),
  refresh: () => Promise.reject(new Error('nobody refreshes here')),
  authorize: () => {},
  isTokenRejection: async () => false,
};

/** A store of which every call is counted. */
function counted(store: TokenStore) {
  const calls: string[] = [];
  const spied = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (name === 'read' || name === 'write') calls.push(name);
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { calls, spied };
}

/** Processes over one store, with so many accounts of one provider. */
function fleet(size: number) {
  const clock = new TestClock();
  const rows = new Map<string, StoredRow>();
  const { calls, spied } = counted(memoryStore(clock, rows));
  const heard: { name: string; lastedMs?: number }[] = [];
  const accounts = Array.from({ length: size }, (_, n) => ({
    provider: 'crm-api',
    account: `a${n}`,
  }));
  const process = () => {
    const elapsed = new ElapsedTime(clock);
    const events = new EventHub(clock);
    for (const name of ['provider:incident_began', 'provider:incident_ended'] as const) {
      events.on(name, (facts) => heard.push({ name, ...facts }));
    }
    const store = new WatchedStore(spied, elapsed, events);
    const registry = new AccountRegistry([provider], accounts);
    const parameters = defaultParameters;
    const incidents = new IncidentRows({ store, elapsed, events, parameters, registry });
    const refuse = (n: number) => incidents.judge(account(registry, n), 'refresh', undefined);
    return { incidents, registry, store, refuse };
  };
  return { clock, rows, calls, heard, process };
}

function account(registry: AccountRegistry, n = 0): KnownAccount {
  return registry.find(`a${n}`);
}

const success = (store: WatchedStore) =>
  ({ operation: 'refresh', sentAt: store.estimate().ms, refused: false }) as const;

const refresh = { operation: 'refresh', refused: false, urgent: false } as const;
const login = { ...refresh, operation: 'obtain' } as const;

describe('an incident', () => {
  test('is found by processes together, told once, and ended once', async () => {
    const { clock, heard, process } = fleet(40);
    const processes = [process(), process(), process()];
    const judged = processes.flatMap(({ refuse }, n) =>
      Array.from({ length: 13 }, (_, index) => refuse(13 * n + index)),
    );
    const verdicts = await Promise.all(judged);
    expect(verdicts.filter((verdict) => verdict?.heldUntil === undefined)).toHaveLength(5);
    expect(heard.map(({ name }) => name)).toEqual(['provider:incident_began']);

    await clock.advance(2 * MINUTE);
    for (const { incidents, registry, store } of processes) {
      await incidents.succeeded(account(registry), success(store));
    }
    expect(heard.slice(1)).toMatchObject([
      { name: 'provider:incident_ended', lastedMs: 2 * MINUTE },
    ]);
  });

  test('gives its one place to one of many that come for it at once', async () => {
    const { clock, process } = fleet(40);
    const processes = Array.from({ length: 10 }, process);
    for (let n = 0; n < 8; n += 1) await processes[n]?.refuse(n);
    await clock.advance(MINUTE);
    const ask = { ...refresh, refused: true };
    const asked = processes.flatMap(({ incidents, registry }) =>
      [0, 1, 2].map((n) => incidents.admit(account(registry, n), ask)),
    );
    const ends = await Promise.allSettled(asked);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [refused] = ends.filter((end) => end.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(IncidentHold);
  });

  test('is known to a process that starts later', async () => {
    const { process } = fleet(40);
    const first = process();
    for (let n = 0; n < 8; n += 1) await first.refuse(n);
    const { incidents, registry, store } = process();
    await store.now();
    const held = await incidents.refusal(account(registry, 30), refresh);
    expect(held?.untilMs).toBe(store.estimate().ms + MINUTE);
    expect(incidents.open()).toEqual([
      { provider: 'crm-api', until: store.estimate().ms + 15 * MINUTE },
    ]);
  });

  test('that is over is open no longer, whether or not anybody has looked', async () => {
    const { clock, process } = fleet(40);
    const { incidents, refuse } = process();
    for (let n = 0; n < 8; n += 1) await refuse(n);
    expect(incidents.open()).toHaveLength(1);
    await clock.advance(15 * MINUTE);
    expect(incidents.open()).toEqual([]);
  });
});

describe('where there is no incident', () => {
  test('a fleet that refreshes reads the row once a minute, and writes nothing', async () => {
    const { clock, calls, process } = fleet(40);
    const { incidents, registry, store } = process();
    for (let second = 0; second < 60; second += 1) {
      await incidents.refusal(account(registry), refresh);
      await incidents.admit(account(registry), refresh);
      await incidents.succeeded(account(registry), success(store));
      await clock.advance(SECOND);
    }
    expect(calls).toEqual(['read']);
  });

  test('a login reads it once, and writes nothing', async () => {
    const { calls, process } = fleet(40);
    const { incidents, registry } = process();
    await incidents.refusal(account(registry), login);
    await incidents.admit(account(registry), login);
    expect(calls).toEqual(['read']);
  });

  test('a service of four accounts never touches it', async () => {
    const { calls, process } = fleet(4);
    const { incidents, registry, refuse } = process();
    await incidents.refusal(account(registry), login);
    await incidents.admit(account(registry), login);
    expect(await refuse(0)).toBeUndefined();
    expect(calls).toEqual([]);
  });
});

test.each([
  '',
  '{}',
  '{"phase":"frozen"}',
  '{"phase":"odd","since":0,"until":0,"probeAt":0}',
  '[]',
])('a row that holds %j stops nobody, and is written anew', async (body) => {
  const { rows, process } = fleet(40);
  const { incidents, registry, refuse } = process();
  await refuse(0);
  const [[place = '', row]] = [...rows] as [[string, StoredRow]];
  expect(row.id).toBe(ROW);
  rows.set(place, { ...row, body });
  const other = process();
  expect(await other.incidents.refusal(account(other.registry), login)).toBeUndefined();
  expect(await other.refuse(1)).toEqual({ at: expect.any(Number) });
  expect(JSON.parse(rows.get(place)?.body ?? '')).toMatchObject({ phase: 'calm' });
  expect(await incidents.refusal(account(registry), refresh)).toBeUndefined();
});
