import { expect, test } from '@jest/globals';
import type { TokenEngine } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, chatAppWorld, oauth20World, shopClient, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Callers that ask at fixed times and do not wait for each other. */
async function asks(
  world: World,
  engine: TokenEngine,
  key: string,
  forMs: number,
  everyMs = second,
) {
  for (let passed = 0; passed < forMs; passed += everyMs) {
    engine.getToken(key).catch(() => {});
    await world.clock.advance(everyMs);
  }
}

test.each([500, 502, 503, 504, 520])(
  'F33 one %d costs a pause, and the credentials are kept',
  async (code) => {
    await using world = new World();
    const { server, ...setup } = await oauth20World(world, { provider: { readAfterGrant: false } });
    const engine = await world.engine(setup);
    server.faults.next('obtain', fault.status(code));
    const token = await world.run(engine.getToken('shop'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
    expect(server.log.logins()).toHaveLength(2);
  },
);

test('F33 one call makes at most 3 requests to a server that fails ten times', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world, { provider: { readAfterGrant: false } });
  const engine = await world.engine(setup);
  server.faults.next('obtain', ...Array.from({ length: 10 }, () => fault.status(500)));
  const error = await failureOf(world.run(engine.getToken('shop')));
  expect(server.log.logins().length).toBeLessThanOrEqual(3);
  expect(error.retryAt).toBeGreaterThan(world.clock.now());
  await asks(world, engine, 'shop', 40 * minute);
  const token = await world.run(engine.getToken('shop'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.logins()).toHaveLength(11);
});

test('F33 F40 I12 an outage of 6 h costs a request per 150 s, and one request ends it within 400 s', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world, { provider: { readAfterGrant: false } });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('shop'));
  await world.clock.advance(day - minute);
  server.faults.always('any', fault.status(500));
  const before = server.log.count();
  await asks(world, engine, 'shop', 6 * hour, 5 * second);
  expect(server.log.count() - before).toBeLessThanOrEqual(6 * 24 + 10);
  server.faults.clear();
  const healedAt = server.log.count();
  let waited = 0;
  while (server.log.count() === healedAt && waited < hour) {
    engine.getToken('shop').catch(() => {});
    await world.clock.advance(second);
    waited += second;
  }
  expect(waited).toBeLessThanOrEqual(400 * second);
  const token = await world.run(engine.getToken('shop'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count() - healedAt).toBe(1);
});

test('F33 notProcessed: a 503 to a refresh is asked again; a 500 to it is in doubt', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(48 * minute);
  server.faults.next('refresh', fault.status(503), fault.status(503));
  await asks(world, engine, 'crm', minute);
  expect(server.log.where({ operation: 'refresh' }).map(({ status }) => status)).toEqual([
    503, 503, 200,
  ]);
  expect(world.seen('renewal:in_doubt')).toEqual([]);

  for (const code of [500, 502, 504, 520]) {
    const before = server.log.count({ operation: 'refresh' });
    const logins = server.log.logins().length;
    await world.clock.advance(48 * minute);
    server.faults.next('refresh', fault.processed(fault.status(code)));
    await asks(world, engine, 'crm', 15 * minute);
    expect(server.log.count({ operation: 'refresh' })).toBe(before + 1);
    expect(server.log.logins()).toHaveLength(logins + 1);
  }
  expect(server.log.replays()).toEqual([]);
});

test('F33 notProcessed is the profile of the provider: ChatApp says it of 429 alone', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  const throttled = Array.from({ length: 6 }, () => fault.status(429));
  server.faults.next('refresh', ...throttled);
  await asks(world, engine, 'crm', 10 * minute);
  expect(server.log.requestsPerGeneration().get('crm#1')).toBe(7);
  expect(world.seen('renewal:in_doubt')).toEqual([]);

  await world.clock.advance(day);
  const before = server.log.count({ operation: 'refresh' });
  server.faults.always('refresh', fault.status(503));
  await asks(world, engine, 'crm', 10 * minute);
  expect(server.log.count({ operation: 'refresh' })).toBe(before + 2);
  expect(server.log.logins()).toHaveLength(2);
});

/** So many accounts of one client each on one host, none of which has a token yet. */
async function manyAccounts(world: World, count: number) {
  const names = Array.from({ length: count }, (_, index) => `shop-${index}`);
  const { server, providers } = await oauth20World(world, {
    authority: {
      clock: world.clock,
      accounts: names.map((name) => ({ ...shopClient, accountId: name, clientId: name })),
    },
    provider: { readAfterGrant: false },
  });
  const accounts = names.map((name) => ({
    provider: 'shop-api',
    account: name,
    credentials: { ...shopClient, clientId: name },
  }));
  const engine = await world.engine({ providers, accounts });
  const all = async (ms: number, everyMs = second) => {
    for (let passed = 0; passed < ms; passed += everyMs) {
      for (const name of names) engine.getToken(name).catch(() => {});
      await world.clock.advance(everyMs);
    }
  };
  return { server, engine, names, all };
}

test('F33 the breaker of a host opens after 5 failures, and half-open it lets one request through', async () => {
  await using world = new World();
  const { server, engine, names, all } = await manyAccounts(world, 20);
  server.faults.always('any', fault.status(500));
  for (const name of names.slice(0, 5)) {
    engine.getToken(name).catch(() => {});
    await world.clock.settle();
  }
  expect(server.log.count()).toBe(5);
  expect(engine.health().breakers).toContainEqual({ host: server.url, state: 'open' });
  // A slow probe: whoever else asks meanwhile must not get through.
  server.faults.always('any', fault.delay(5 * second, fault.status(500)));
  await all(29 * second);
  expect(server.log.count()).toBe(5);
  await all(36 * second);
  expect(server.log.count()).toBe(6);
  expect(world.seen('breaker:changed').map(({ state }) => state)).toEqual([
    'open',
    'half-open',
    'open',
  ]);
  // Each opening is twice as long, 5 min at most: an outage costs probes.
  await all(2 * hour, 10 * second);
  expect(server.log.count()).toBeLessThanOrEqual(6 + 5 + 24);
});

test('F33 twenty requests that fail at once open the breaker once, for its shortest time', async () => {
  await using world = new World();
  const { server, engine, names } = await manyAccounts(world, 20);
  server.faults.always('any', fault.delay(second, fault.status(500)));
  for (const name of names) engine.getToken(name).catch(() => {});
  await world.clock.advance(2 * second);
  expect(server.log.count()).toBe(20);
  server.faults.clear();
  await world.clock.advance(40 * second);
  const before = server.log.count();
  for (const name of names) engine.getToken(name).catch(() => {});
  await world.clock.advance(2 * second);
  expect(server.log.count()).toBeGreaterThan(before);
});

test('F33 I12 after two hours of outage every account of the host serves within 400 s', async () => {
  await using world = new World();
  const { server, engine, names, all } = await manyAccounts(world, 12);
  server.faults.always('any', fault.status(500));
  await all(2 * hour, 10 * second);
  server.faults.clear();
  const before = server.log.count();
  await all(400 * second);
  for (const name of names) await world.run(engine.getToken(name));
  expect(server.log.count() - before).toBe(names.length);
});

test('F33 the breaker of one host leaves other hosts alone', async () => {
  await using world = new World();
  const { server, engine, names } = await manyAccounts(world, 6);
  server.faults.always('any', fault.status(500));
  for (const name of names) engine.getToken(name).catch(() => {});
  await world.clock.advance(minute);
  const { providers, accounts } = await chatAppWorld(world);
  const other = await world.engine({ providers, accounts });
  expect(await world.run(other.getToken('crm'))).toBeDefined();
});

test('F33 retries inside calls are paid from a quota that only successes earn back', async () => {
  await using world = new World();
  const { server, engine, names } = await manyAccounts(world, 40);
  server.faults.always('any', fault.status(429));
  for (const name of names) engine.getToken(name).catch(() => {});
  await world.clock.advance(2 * minute);
  // One request each, and 100 / 5 retries between them.
  expect(server.log.count()).toBeLessThanOrEqual(names.length + 20);
  expect(server.log.count()).toBeGreaterThan(names.length);
});
