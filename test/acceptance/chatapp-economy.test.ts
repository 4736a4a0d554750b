import { expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { ForgetfulStore } from './forgetful-store.js';
import { RestartingProcess } from './restarting-process.js';
import { steadyCallers } from './steady-callers.js';
import { chatAppWorld, World } from './world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How often the schedule is looked at in idle weeks: the default would spend the test on looking. */
const rarely = { schedulePollMs: HOUR };

test('F67 a day of constant use of ChatApp costs one make and at most one refresh', async () => {
  await using world = new World();
  const { server, providers, accounts } = await chatAppWorld(world);
  const engine = await world.engine({ providers, accounts });
  engine.start();

  const { served, errors } = await steadyCallers({
    clock: world.clock,
    everyMs: 10_000,
    forMs: DAY,
    ask: () => engine.getToken('crm'),
    accepts: (token) => server.truth.accepts(token.reveal()),
  });
  expect([served, [...errors]]).toEqual([DAY / 10_000, []]);
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
  expect(server.log.count({ operation: 'refresh' })).toBeLessThanOrEqual(1);
});

test('F67 an idle day of ChatApp costs nothing, with a token and without one', async () => {
  await using world = new World();
  const { server, providers, accounts } = await chatAppWorld(world);
  const engine = await world.engine({ providers, accounts, parameters: rarely });
  engine.start();

  await world.clock.advance(DAY);
  expect(server.log.length).toBe(0);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(2 * DAY);
  expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain']);
});

test('F67 an idle ChatApp account is not refreshed when its token ends, but when it is needed', async () => {
  await using world = new World();
  const { server, providers, accounts } = await chatAppWorld(world);
  const engine = await world.engine({ providers, accounts, parameters: rarely });
  engine.start();

  await world.run(engine.getToken('crm'));
  await world.clock.advance(3 * DAY);
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
});

test('F67 a thousand restarts that delete the tokens cost 80 to 90 makes, and say when the next is allowed', async () => {
  await using world = new World();
  const forgetful = new ForgetfulStore(world.clock);
  const { server, providers, accounts } = await chatAppWorld(world);
  const process = new RestartingProcess(world, { providers, accounts, store: forgetful.store });
  const restarts = 1_000;
  const promised: number[] = [];

  for (let restart = 0; restart < restarts; restart += 1) {
    forgetful.forgetAccounts();
    const engine = await process.start();
    const error = await world.run(engine.getToken('crm').then(() => undefined, identity));
    if (error !== undefined) {
      expect(error).toMatchObject({ code: 'BUDGET_EXHAUSTED', retryable: true });
      const { retryAt = 0 } = error as TokenError;
      expect(retryAt).toBeGreaterThan(world.clock.now());
      promised.push(retryAt);
    }
    await process.stop();
    await world.clock.advance(DAY / restarts);
  }
  const makes = server.log.count({ operation: 'obtain' });
  expect(makes).toBeGreaterThanOrEqual(80);
  expect(makes).toBeLessThanOrEqual(90);
  expect(server.log.count({ outcome: 'throttled' })).toBe(0);
  expect(makes + promised.length).toBe(restarts);

  // What was promised was true: at each moment named, within one restart, a make was made.
  const madeAt = server.log.logins().map(({ at }) => at);
  const kept = (retryAt: number) =>
    madeAt.some((at) => at >= retryAt - 1_000 && at <= retryAt + DAY / restarts + 1_000);
  const within = promised.filter((retryAt) => retryAt < world.clock.trueNow() - 2 * MINUTE);
  expect(within.filter((retryAt) => !kept(retryAt))).toEqual([]);
});

test('F67 four days of such restarts never make more than 90 tokens in any 24 hours', async () => {
  await using world = new World();
  const forgetful = new ForgetfulStore(world.clock);
  const { server, providers, accounts } = await chatAppWorld(world);
  const process = new RestartingProcess(world, { providers, accounts, store: forgetful.store });

  for (let at = 0; at < 4 * DAY; at += 7 * MINUTE) {
    forgetful.forgetAccounts();
    const engine = await process.start();
    await world.run(engine.getToken('crm').catch(() => {}));
    process.kill();
    await world.clock.advance(7 * MINUTE);
    // Somebody's time service, and nothing a budget may depend on.
    world.clock.stepWall((at % 2 === 0 ? 1 : -1) * DAY);
  }
  expect(server.log.maxPerRollingWindow('obtain', DAY)).toBeLessThanOrEqual(90);
  expect(server.log.count({ operation: 'obtain' })).toBeGreaterThan(4 * 80 - 10);
  expect(server.log.count({ outcome: 'throttled' })).toBe(0);
});

test('F48 a ChatApp account with keepAlive is refreshed at half of its refresh token, without callers', async () => {
  await using world = new World();
  const { server, providers, accounts } = await chatAppWorld(world, {
    account: { keepAlive: true },
  });
  const engine = await world.engine({ providers, accounts, parameters: rarely });
  engine.start();

  await world.run(engine.getToken('crm'));
  await world.clock.advance(140 * DAY);
  const refreshes = server.log.where({ operation: 'refresh' }).map(({ at }) => at);
  expect(server.log.logins()).toHaveLength(1);
  expect(refreshes).toHaveLength(20);
  const gaps = refreshes.map((at, index) => at - (refreshes[index - 1] ?? start(server)));
  // Half of 14 days, and at most one look at the schedule later.
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(7 * DAY - 2_000);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(7 * DAY + HOUR);

  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.logins()).toHaveLength(1);
});

test('F48 without keepAlive an idle ChatApp account costs one make when its refresh token has ended', async () => {
  await using world = new World();
  const { server, providers, accounts } = await chatAppWorld(world);
  const engine = await world.engine({ providers, accounts, parameters: rarely });
  engine.start();

  await world.run(engine.getToken('crm'));
  await world.clock.advance(20 * DAY);
  expect(server.log.length).toBe(1);
  await world.run(engine.getToken('crm'));
  expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'obtain']);
});

function start(server: { readonly log: { readonly entries: readonly { at: number }[] } }): number {
  return server.log.entries[0]?.at ?? Number.NaN;
}

function identity(error: unknown): unknown {
  if (!TokenError.is(error)) throw error;
  return error;
}
