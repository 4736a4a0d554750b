import { expect, test } from '@jest/globals';
import type { TokenEngine } from '@tokenkeep/core';
import { type Fault, fault } from '@tokenkeep/testing';
import { authRefreshWorld, chatAppWorld, oauth20World, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

const slow: [string, Fault][] = [
  ['accepts and is silent', fault.hang()],
  ['stalls after the headers', fault.stallAfterHeaders()],
  ['sends a byte a second', fault.trickle(1)],
  ['says 100 Continue for ever', fault.continueForever(500)],
];

/** When the first attempt that is seen to fail did so, ms after `since`. */
function failedAfter(world: World, since: number): number {
  return Number(world.seen('renewal:failed').find(({ at }) => Number(at) >= since)?.at) - since;
}

async function asks(world: World, engine: TokenEngine, key: string, forMs: number) {
  for (let passed = 0; passed < forMs; passed += second) {
    engine.getToken(key).catch(() => {});
    await world.clock.advance(second);
  }
}

test.each(slow)('F35 a login to a server that %s ends at its limit of 10 s', async (_, kind) => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world, { provider: { readAfterGrant: false } });
  const engine = await world.engine(setup);
  server.faults.next('obtain', kind);
  const since = world.clock.now();
  await asks(world, engine, 'shop', 30 * second);
  expect(failedAfter(world, since)).toBeGreaterThanOrEqual(10 * second);
  expect(failedAfter(world, since)).toBeLessThanOrEqual(11 * second);
  expect(server.openConnections).toBe(0);
  expect(server.log.logins()).toHaveLength(2);
});

test.each(slow)(
  'F35 a single-use refresh to a server that %s has 90 s, and is in doubt when they are over',
  async (_, kind) => {
    await using world = new World();
    const { server, ...setup } = await chatAppWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(day);
    server.faults.next('refresh', kind);
    const since = world.clock.now();
    await asks(world, engine, 'crm', 120 * second);
    expect(failedAfter(world, since)).toBeGreaterThanOrEqual(90 * second);
    expect(failedAfter(world, since)).toBeLessThanOrEqual(91 * second);
    expect(world.seen('renewal:in_doubt').length).toBeGreaterThanOrEqual(1);
    expect(server.openConnections).toBe(0);
    // While the call ran its lease was kept, and after it there was one resend.
    expect(server.log.requestsPerGeneration().get('crm#1')).toBe(2);
  },
);

test('F35 a refresh answered after 80 s brings its token: aborting early would have lost it', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const [one, two] = [await world.engine(setup), await world.engine(setup)];
  await world.run(one.getToken('crm'));
  await world.clock.advance(day);
  server.faults.next('refresh', fault.delay(80 * second));
  for (let passed = 0; passed < 100; passed += 1) {
    for (const engine of [one, two]) engine.getToken('crm').catch(() => {});
    await world.clock.advance(second);
  }
  const token = await world.run(two.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(1);
});

test('F35 with a reuse grace the limit is a third of it, so that a resend still heals', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: { rules: { rotation: { kind: 'grace', graceMs: 30_000 } } },
    provider: { refreshToken: { singleUse: true, reuseGraceMs: 30_000 } },
  });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(50 * minute);
  server.faults.next('refresh', fault.stallAfterHeaders());
  const since = world.clock.now();
  await asks(world, engine, 'crm', 40 * second);
  expect(failedAfter(world, since)).toBeLessThanOrEqual(11 * second);
  expect(server.log.where({ operation: 'refresh' }).map(({ outcome }) => outcome)).toEqual([
    'issued',
    'resent',
  ]);
  expect(server.truth.family('crm')?.revoked).toBe(false);
});

test('F35 I14 while a refresh hangs, the valid token is served to everybody at once', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const old = await world.run(engine.getToken('crm'));
  await world.clock.advance(50 * minute);
  server.faults.next('refresh', fault.hang());
  for (let passed = 0; passed < 80; passed += 1) {
    const before = world.clock.trueNow();
    const token = await world.run(engine.getToken('crm'));
    expect(token.reveal()).toBe(old.reveal());
    expect(world.clock.trueNow()).toBe(before);
    await world.clock.advance(second);
  }
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});
