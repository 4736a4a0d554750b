import { describe, expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { steadyCallers } from './steady-callers.js';
import { authRefreshWorld, chatAppWorld, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

interface Clocks {
  /** How far the client's wall clock is off from the beginning. */
  readonly clientOff?: number;
  /** How far the server's clock is off, as it shows it. */
  readonly serverOff?: number;
  /** What happens to the client's wall clock while it runs, every 50 minutes. */
  readonly steps?: readonly number[];
  readonly dateHeader?: boolean;
}

type Host = 'authRefresh' | 'chatApp';

/** One story of requests: what was asked, and when, from the first moment on. */
async function story(host: Host, clocks: Clocks): Promise<string[]> {
  await using world = new World();
  const { clock } = world;
  const { clientOff = 0, serverOff = 0, steps = [], dateHeader = true } = clocks;
  const start = clock.trueNow();
  clock.stepWall(clientOff);
  const rules = { accessLifeMs: HOUR };
  const authority = { clock, dateSkewMs: serverOff, dateHeader, rules };
  const made =
    host === 'chatApp'
      ? await chatAppWorld(world, { authority: { ...authority, accounts: chatAppAccounts } })
      : await authRefreshWorld(world, { authority: { ...authority, accounts: crmAccounts } });
  const { server, providers, accounts } = made;
  // Trouble too: what waits for a moment must not read it off the wall.
  server.faults.next('refresh', fault.normal(), fault.status(503), fault.status(429));
  const engine = await world.engine({ providers, accounts });
  engine.start();

  const left = [...steps];
  for (let part = 0; part < 5; part += 1) {
    const { errors, servedDead } = await steadyCallers({
      clock,
      everyMs: 30 * SECOND,
      forMs: 50 * MINUTE,
      ask: () => engine.getToken('crm'),
      accepts: (token) => server.truth.accepts(token.reveal()),
    });
    expect([servedDead, ...errors.keys()]).toEqual([0]);
    clock.stepWall(left.shift() ?? 0);
  }
  expect(server.log.length).toBeGreaterThan(6);
  return server.log.entries.map(({ operation, at }) => `${operation} +${at - start}`);
}

const right = new Map<string, Promise<string[]>>();

/** The same story with clocks that are right, told once. */
function rightStory(host: Host, dateHeader = true): Promise<string[]> {
  const known = right.get(`${host} ${dateHeader}`) ?? story(host, { dateHeader });
  right.set(`${host} ${dateHeader}`, known);
  return known;
}

const crmAccounts = [{ accountId: 'crm', username: 'ada', password: 'correct horse battery' }];
const chatAppAccounts = [
  { accountId: 'crm', email: 'ada@example.com', password: 'pw-4711', appId: 'app_1_1' },
];

const wrong: readonly [string, Clocks][] = [
  ['the client is a day ahead', { clientOff: DAY }],
  ['the client is a day behind', { clientOff: -DAY }],
  ['the client is ten years behind', { clientOff: -10 * YEAR }],
  ['the server is a day ahead', { serverOff: DAY }],
  ['the server is a day behind', { serverOff: -DAY }],
  ['both are off, in opposite directions', { clientOff: 10 * DAY, serverOff: -10 * DAY }],
  ['the client steps by an hour, to and fro', { steps: [HOUR, -2 * HOUR, HOUR, HOUR] }],
  ['the client steps by a year, to and fro', { steps: [YEAR, -2 * YEAR, 3 * YEAR, -10 * YEAR] }],
];

describe('lifetimes are counted from the local clock, so it does not matter that', () => {
  test.each(wrong)('F08 F10 %s: the same requests at the same moments', async (_what, clocks) => {
    expect(await story('authRefresh', clocks)).toEqual(await rightStory('authRefresh'));
  });

  test.each(wrong)('F08 F10 %s, also where no reply has a Date', async (_what, clocks) => {
    const told = await story('authRefresh', { ...clocks, dateHeader: false });
    expect(told).toEqual(await rightStory('authRefresh', false));
  });

  test.each(wrong)('F08 F10 %s, where only end times are stated', async (_what, clocks) => {
    expect(await story('chatApp', clocks)).toEqual(await rightStory('chatApp'));
  });
});

describe('an end time', () => {
  test.each([-10, -3, -1, 0, 1, 3, 10])(
    'F08 of a server that is %d days off is read to within two seconds of the truth',
    async (days) => {
      await using world = new World();
      await world.clock.advance(321);
      const { server, providers, accounts } = await chatAppWorld(world);
      server.dateSkewMs = days * DAY + 12_345;
      const engine = await world.engine({ providers, accounts });
      const token = await world.run(engine.getToken('crm'));
      const truth = server.truth.current('crm')?.accessEndsAt ?? 0;
      // Less the second that every token is given up early.
      expect(Math.abs(token.expiresAt + SECOND - truth)).toBeLessThanOrEqual(2 * SECOND);
    },
  );

  test('F08 without a Date to compare with is read off the wall clock, and cut to the profile', async () => {
    await using world = new World();
    const { server, providers, accounts } = await chatAppWorld(world, {
      authority: { clock: world.clock, accounts: chatAppAccounts, dateHeader: false },
    });
    world.clock.stepWall(-3 * DAY);
    const engine = await world.engine({ providers, accounts });
    const token = await world.run(engine.getToken('crm'));
    expect(token.expiresAt - world.clock.now()).toBe(DAY - SECOND);
    expect(world.seen('anomaly:detected')).toMatchObject([{ kind: 'lifetime_clamped' }]);
    expect(server.log.length).toBe(1);
  });
});

test('F10 no token is handed out after its end, however the wall clock jumps', async () => {
  await using world = new World();
  const { server, providers, accounts } = await authRefreshWorld(world);
  const engine = await world.engine({ providers, accounts });
  await world.run(engine.getToken('crm'));
  server.faults.always('refresh', fault.status(503));
  const end = server.truth.current('crm')?.accessEndsAt ?? 0;

  world.clock.stepWall(-10 * YEAR);
  await world.clock.advance(end - world.clock.trueNow() - 2 * SECOND);
  expect(server.truth.accepts((await world.run(engine.getToken('crm'))).reveal())).toBe(true);
  world.clock.stepWall(5 * YEAR);
  await world.clock.advance(SECOND);
  await expect(world.run(engine.getToken('crm'))).rejects.toMatchObject({ retryable: true });
});

test('F10 Retry-After is counted, not compared with a wall clock that steps meanwhile', async () => {
  await using world = new World();
  const { server, providers, accounts } = await authRefreshWorld(world);
  server.dateSkewMs = -3 * DAY;
  const engine = await world.engine({ providers, accounts });
  const inTenMinutes = (now: number) => new Date(now + 10 * MINUTE).toUTCString();
  server.faults.next('obtain', fault.retryAfter(503, inTenMinutes));

  const { errors } = await steadyCallers({
    clock: world.clock,
    everyMs: 10 * SECOND,
    forMs: 15 * MINUTE,
    ask: (at) => {
      if (at === 3 * MINUTE) world.clock.stepWall(YEAR);
      if (at === 6 * MINUTE) world.clock.stepWall(-2 * YEAR);
      return engine.getToken('crm');
    },
  });
  const [first = 0, second = 0] = server.log.entries.map(({ at }) => at);
  expect(server.log.length).toBe(2);
  expect(second - first).toBeGreaterThanOrEqual(10 * MINUTE - SECOND);
  expect(second - first).toBeLessThanOrEqual(10 * MINUTE + 11 * SECOND);
  expect(errors.get('GUARD_REFUSED')).toBeGreaterThan(0);
});
