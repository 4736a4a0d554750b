import { describe, expect, test } from '@jest/globals';
import type { TokenEngine } from '@tokenkeep/core';
import { fault, type LogEntry } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { type Fleet, fleetWorld, started, withoutToken } from './fleet.js';
import { RestartingProcess } from './restarting-process.js';
import { World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Clear words of a server about a token that is good. */
const refusal = fault.json({ error: 'invalid_grant' }, 400);

/** What the server saw of an incident that began at `from`. */
function seenSince(world: World, { server }: Fleet, from: number) {
  const entries = server.log.between(from, world.clock.trueNow());
  const refused = entries.filter(({ outcome }) => outcome === 'faulted' || outcome === 'refused');
  return {
    logins: entries.filter(({ operation }) => operation === 'obtain'),
    accountsRefused: new Set(refused.map(({ accountId }) => accountId)).size,
  };
}

/** Minutes pass, and callers ask for every account in each. Names of those who got nothing. */
async function askEachMinute(world: World, fleet: Fleet, engine: TokenEngine, minutes: number) {
  const missed = new Set<string>();
  for (let minute = 0; minute < minutes; minute += 1) {
    await world.clock.advance(MINUTE);
    for (const name of await withoutToken(world, fleet, engine)) missed.add(name);
  }
  return [...missed];
}

function shortestDistance(entries: readonly LogEntry[]): number {
  const times = entries.map(({ at }) => at);
  return Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? 0)));
}

async function engines(world: World, { providers, accounts }: Fleet, count: number) {
  const made: TokenEngine[] = [];
  for (let n = 0; n < count; n += 1) made.push(await world.engine({ providers, accounts }));
  started(...made);
  return made as [TokenEngine, ...TokenEngine[]];
}

function withoutCredentials(fleet: Fleet): Fleet {
  return {
    ...fleet,
    accounts: fleet.accounts.map(({ provider, account }) => ({ provider, account })),
  };
}

describe('F50 every refresh of forty accounts is refused for ten minutes:', () => {
  test.each([1, 3])('%d processes spend at most five logins, and all heal', async (processes) => {
    await using world = new World();
    const fleet = await fleetWorld(world, 40);
    const { server } = fleet;
    const [engine] = await engines(world, fleet, processes);
    await world.clock.advance(42 * MINUTE);
    const from = world.clock.trueNow();
    server.faults.always('refresh', refusal);
    expect(await askEachMinute(world, fleet, engine, 10)).toEqual([]);
    const incident = seenSince(world, fleet, from);
    expect(incident.logins.length).toBeLessThanOrEqual(5);
    expect(incident.accountsRefused).toBeGreaterThanOrEqual(8);
    expect(incident.accountsRefused).toBeLessThanOrEqual(5 + 8);
    expect(world.seen('provider:incident_began')).toMatchObject([
      { provider: 'fleet', cause: 'refresh', known: 40 },
    ]);
    expect(engine.health()).toMatchObject({
      state: 'degraded',
      incidents: [{ provider: 'fleet', until: expect.any(Number) }],
    });

    server.faults.clear();
    expect(await askEachMinute(world, fleet, engine, 90)).toEqual([]);
    expect(seenSince(world, fleet, from).logins.length).toBeLessThanOrEqual(5);
    expect(server.log.replays()).toEqual([]);
    expect(world.seen('provider:incident_ended')).toMatchObject([{ cause: 'refresh' }]);
    expect(world.seen('account:reauthorization_required')).toEqual([]);
    expect(engine.health()).toMatchObject({ state: 'ready', incidents: [] });
    const statuses = await world.run(Promise.all(fleet.names.map((name) => engine.status(name))));
    const untouched = statuses.filter(({ loginBudget }) => loginBudget?.left === 23);
    expect(untouched.length).toBeGreaterThanOrEqual(35);
  });

  test('what is asked of one account is asked by one process at a time, once a minute', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 40);
    await engines(world, fleet, 3);
    await world.clock.advance(42 * MINUTE);
    fleet.server.faults.always('refresh', refusal);
    await world.clock.advance(3 * MINUTE);
    const frozenAt = world.clock.trueNow();
    await world.clock.advance(7 * MINUTE);
    const probes = fleet.server.log.between(frozenAt, world.clock.trueNow());
    expect(probes.length).toBeGreaterThanOrEqual(4);
    expect(shortestDistance(probes)).toBeGreaterThanOrEqual(MINUTE);
    expect(new Set(probes.map(({ accountId }) => accountId)).size).toBeGreaterThan(1);
  });

  test('accounts that nobody can log in heal by themselves, those given up first as well', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 40);
    const [seed] = await engines(world, fleet, 1);
    await world.clock.advance(30 * MINUTE);
    await world.run(seed.stop());
    const [engine] = await engines(world, withoutCredentials(fleet), 1);
    await world.clock.advance(12 * MINUTE);
    fleet.server.faults.always('refresh', refusal);
    await world.clock.advance(10 * MINUTE);
    const givenUp = world.seen('account:reauthorization_required');
    expect(givenUp.length).toBeGreaterThan(0);
    expect(givenUp.length).toBeLessThanOrEqual(5);

    fleet.server.faults.clear();
    await world.clock.advance(5 * MINUTE);
    for (const name of fleet.names) {
      expect(await world.run(engine.status(name))).toMatchObject({ state: 'live' });
    }
    expect(await askEachMinute(world, fleet, engine, 90)).toEqual([]);
    expect(world.seen('account:reauthorization_required')).toHaveLength(givenUp.length);
  });

  test('where logins are refused as well, no password stays latched', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 40);
    const [engine] = await engines(world, fleet, 1);
    await world.clock.advance(42 * MINUTE);
    const from = world.clock.trueNow();
    fleet.server.faults.always('any', refusal);
    await world.clock.advance(10 * MINUTE);
    expect(seenSince(world, fleet, from).logins.length).toBeLessThanOrEqual(5);
    expect(world.seen('account:credentials_rejected').length).toBeLessThanOrEqual(5);

    fleet.server.faults.clear();
    await world.clock.advance(6 * MINUTE);
    expect(await askEachMinute(world, fleet, engine, 90)).toEqual([]);
    expect(engine.health()).toMatchObject({ state: 'ready', accounts: { needPerson: 0 } });
  });

  test('a crash loop learns nothing new: it neither logs in nor asks more often', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 40);
    const { providers, accounts, server } = fleet;
    const process = new RestartingProcess(world, { providers, accounts });
    (await process.start()).start();
    await world.clock.advance(42 * MINUTE);
    const from = world.clock.trueNow();
    server.faults.always('refresh', refusal);
    for (let crash = 0; crash < 40; crash += 1) {
      await world.clock.advance(15 * SECOND);
      process.kill();
      (await process.start()).start();
    }
    const incident = seenSince(world, fleet, from);
    expect(incident.logins.length).toBeLessThanOrEqual(5);
    expect(incident.accountsRefused).toBeLessThanOrEqual(5 + 8);
    server.faults.clear();
    await world.clock.advance(5 * MINUTE);
    expect(await withoutToken(world, fleet, process.engine)).toEqual([]);
    expect(seenSince(world, fleet, from).logins.length).toBeLessThanOrEqual(5);
    await process.stop();
  });

  test('a caller without a token is told when, and that it is not the account', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 40);
    const [engine] = await engines(world, fleet, 1);
    await world.clock.advance(42 * MINUTE);
    fleet.server.faults.always('refresh', refusal);
    await world.clock.advance(10 * MINUTE);
    const { accountId = '' } = fleet.server.log.last ?? {};
    const token = await world.run(engine.getToken(accountId));
    fleet.server.truth.revokeAccess(accountId);
    const error = await failureOf(
      world.run(engine.withToken(accountId, () => Response.json({}, { status: 401 }))),
    );
    expect(error).toMatchObject({
      code: 'TOKEN_REFUSED',
      reason: 'provider_incident',
      retryable: true,
      cause: { code: 'GUARD_REFUSED', reason: 'provider_incident' },
    });
    expect(error.retryAt).toBeGreaterThan(world.clock.now());
    expect(error.retryAt).toBeLessThanOrEqual(world.clock.now() + 2 * MINUTE);
    expect(token.account).toBe(`fleet/${accountId}`);
  });
});

test('F50 callers who all ask at once: whoever was on the way is refused, and five log in', async () => {
  await using world = new World();
  const fleet = await fleetWorld(world, 40);
  const { providers, accounts, names, server } = fleet;
  const engine = await world.engine({ providers, accounts });
  await world.run(Promise.all(names.map((name) => engine.getToken(name))));
  await world.clock.advance(2 * HOUR);
  const from = world.clock.trueNow();
  server.faults.always('refresh', refusal);
  const errors = new Map<string, number>();
  for (let round = 0; round < 60; round += 1) {
    const asked = names.map((name) =>
      engine.getToken(name).catch(({ code, reason, retryAt }) => {
        expect(retryAt).toBeGreaterThan(world.clock.now());
        const told = `${code} ${reason}`;
        errors.set(told, (errors.get(told) ?? 0) + 1);
      }),
    );
    await world.run(Promise.all(asked));
    await world.clock.advance(10 * SECOND);
  }
  const { logins } = seenSince(world, fleet, from);
  expect(logins.length).toBeLessThanOrEqual(5);
  // All at once, and then one in a minute.
  expect(server.log.between(from, from + HOUR).length - logins.length).toBeLessThanOrEqual(40 + 10);
  expect([...errors.keys()]).toEqual(['GUARD_REFUSED provider_incident']);

  server.faults.clear();
  // Nothing runs behind the callers' backs here: the first of them is the probe.
  await askEachMinute(world, fleet, engine, 3);
  expect(await askEachMinute(world, fleet, engine, 3)).toEqual([]);
  expect(seenSince(world, fleet, from).logins).toHaveLength(logins.length);
});

test('F50 refusals that name no reason are believed no sooner, and of five accounts only', async () => {
  await using world = new World();
  const fleet = await fleetWorld(world, 40);
  const [engine] = await engines(world, fleet, 1);
  await world.clock.advance(42 * MINUTE);
  const from = world.clock.trueNow();
  fleet.server.faults.always('refresh', fault.status(400));
  expect(await askEachMinute(world, fleet, engine, 14)).toEqual([]);
  expect(seenSince(world, fleet, from).logins.length).toBeLessThanOrEqual(5);
  expect(world.seen('provider:incident_began')).toHaveLength(1);
  fleet.server.faults.clear();
  expect(await askEachMinute(world, fleet, engine, 60)).toEqual([]);
  expect(seenSince(world, fleet, from).logins.length).toBeLessThanOrEqual(5);
});

test('F50 an incident of four minutes: who was given up in it heals as soon as one of the others does', async () => {
  await using world = new World();
  const fleet = await fleetWorld(world, 100);
  const [seed] = await engines(world, fleet, 1);
  await world.clock.advance(30 * MINUTE);
  await world.run(seed.stop());
  const [engine] = await engines(world, withoutCredentials(fleet), 1);
  await world.clock.advance(7 * MINUTE);
  fleet.server.faults.always('refresh', refusal);
  await world.clock.advance(4 * MINUTE);
  expect(world.seen('account:reauthorization_required')).toHaveLength(5);
  expect(world.seen('provider:incident_began')).toEqual([]);
  fleet.server.faults.clear();
  await world.clock.advance(400 * SECOND);
  for (const name of fleet.names) {
    expect(await world.run(engine.status(name))).toMatchObject({ state: 'live' });
  }
  expect(await askEachMinute(world, fleet, engine, 60)).toEqual([]);
});

describe('F50 an incident is not seen', () => {
  test('in one dead refresh token among forty healthy ones: it logs in', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 40);
    const [engine] = await engines(world, fleet, 1);
    await world.clock.advance(30 * MINUTE);
    fleet.server.truth.killRefreshToken('a0007');
    const from = world.clock.trueNow();
    expect(await askEachMinute(world, fleet, engine, 90)).toEqual([]);
    const { logins } = seenSince(world, fleet, from);
    expect(logins.map(({ accountId }) => accountId)).toEqual(['a0007']);
    expect(world.seen('provider:incident_began')).toEqual([]);
  });

  test('in seven of forty: those that are not believed at first are so minutes later', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 40);
    const [engine] = await engines(world, fleet, 1);
    await world.clock.advance(42 * MINUTE);
    const dead = fleet.names.slice(0, 7);
    for (const name of dead) fleet.server.truth.killRefreshToken(name);
    const from = world.clock.trueNow();
    const renewed = dead.map((name) => engine.renew(name).catch(() => {}));
    await world.run(Promise.all(renewed));
    await world.clock.advance(SECOND);
    expect(seenSince(world, fleet, from).logins).toHaveLength(5);
    expect(await askEachMinute(world, fleet, engine, 10)).toEqual([]);
    const { logins } = seenSince(world, fleet, from);
    expect(new Set(logins.map(({ accountId }) => accountId))).toEqual(new Set(dead));
    expect(logins).toHaveLength(7);
    expect(world.seen('provider:incident_began')).toEqual([]);
  });

  test('where there are four accounts: all are refused, all log in', async () => {
    await using world = new World();
    const fleet = await fleetWorld(world, 4);
    const [engine] = await engines(world, fleet, 1);
    await world.clock.advance(30 * MINUTE);
    fleet.server.faults.always('refresh', refusal);
    const from = world.clock.trueNow();
    expect(await askEachMinute(world, fleet, engine, 30)).toEqual([]);
    expect(seenSince(world, fleet, from).logins).toHaveLength(4);
    expect(world.seen('provider:incident_began')).toEqual([]);
    expect((await world.store.list('budget', undefined, 99)).length).toBe(4);
  });
});

test('F50 a fleet in which few are asked at a time: what is kept back adds up to an incident', async () => {
  await using world = new World();
  const fleet = await fleetWorld(world, 60);
  const [engine] = await engines(world, fleet, 1);
  await world.clock.advance(5 * HOUR);
  const from = world.clock.trueNow();
  fleet.server.faults.always('refresh', refusal);
  expect(await askEachMinute(world, fleet, engine, 15)).toEqual([]);
  const incident = seenSince(world, fleet, from);
  expect(incident.logins.length).toBeLessThanOrEqual(5);
  expect(incident.accountsRefused).toBeLessThanOrEqual(5 + 12);
  expect(world.seen('provider:incident_began')).toHaveLength(1);
  fleet.server.faults.clear();
  expect(await askEachMinute(world, fleet, engine, 60)).toEqual([]);
  expect(seenSince(world, fleet, from).logins.length).toBeLessThanOrEqual(5);
});

test('F50 refresh tokens that were really revoked: after a quarter of an hour all log in, one in 5 s', async () => {
  await using world = new World();
  const fleet = await fleetWorld(world, 40);
  const [engine] = await engines(world, fleet, 2);
  await world.clock.advance(42 * MINUTE);
  const from = world.clock.trueNow();
  for (const name of fleet.names) fleet.server.truth.killRefreshToken(name);
  expect(await askEachMinute(world, fleet, engine, 15)).toEqual([]);
  expect(seenSince(world, fleet, from).logins.length).toBeLessThanOrEqual(5);

  const thawedAt = world.clock.trueNow();
  expect(await askEachMinute(world, fleet, engine, 60)).toEqual([]);
  const logins = fleet.server.log.logins().filter(({ at }) => at >= thawedAt);
  expect(shortestDistance(logins)).toBeGreaterThanOrEqual(5 * SECOND);
  expect(seenSince(world, fleet, from).logins).toHaveLength(40);
  expect(world.seen('provider:incident_began')).toHaveLength(1);
  expect(world.seen('account:reauthorization_required')).toEqual([]);
});

test('F50 a fleet whose first logins are all refused: five passwords are tried, and none is given up', async () => {
  await using world = new World();
  const fleet = await fleetWorld(world, 40);
  fleet.server.faults.always('obtain', refusal);
  const [engine] = await engines(world, fleet, 1);
  await world.clock.advance(10 * MINUTE);
  const tried = new Set(fleet.server.log.logins().map(({ accountId }) => accountId));
  expect(tried.size).toBeLessThanOrEqual(5 + 8);
  expect(world.seen('account:credentials_rejected').length).toBeLessThanOrEqual(5);
  fleet.server.faults.clear();
  await world.clock.advance(15 * MINUTE);
  expect(await withoutToken(world, fleet, engine)).toEqual([]);
  expect(engine.health()).toMatchObject({ state: 'ready', accounts: { needPerson: 0 } });
});
