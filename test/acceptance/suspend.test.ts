import { expect, test } from '@jest/globals';
import { authRefreshWorld, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** An engine at work whose hour-long token has just been fetched. */
async function fetched(world: World) {
  const { server, providers, accounts } = await authRefreshWorld(world);
  const engine = await world.engine({ providers, accounts });
  engine.start();
  const token = await world.run(engine.getToken('crm'));
  const served = async () => {
    const current = await world.run(engine.getToken('crm'));
    return server.truth.accepts(current.reveal());
  };
  return { server, engine, token, served };
}

test('F12 a machine that slept past the end of a token renews it within a second of its resume', async () => {
  await using world = new World();
  const { server, served } = await fetched(world);
  await world.clock.suspend(2 * HOUR, { noticedAfterMs: SECOND });
  const resumed = world.clock.trueNow();

  await world.clock.advance(SECOND);
  const [renewal] = server.log.where({ operation: 'refresh' });
  expect(renewal?.at).toBeLessThanOrEqual(resumed + SECOND);
  expect(await served()).toBe(true);
  await world.clock.advance(10 * MINUTE);
  expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
  expect(world.seen('clock:suspended')).toMatchObject([{ suspendedMs: 2 * HOUR }]);
});

test('F12 a dead token is not handed out a second after resume, whatever noticed the sleep or did not', async () => {
  await using world = new World();
  const { server, engine, served } = await fetched(world);
  const { clock } = world;
  // The watchdog is late by minutes: the deadline is checked when the token is handed out.
  await clock.suspend(2 * HOUR, { noticedAfterMs: 5 * MINUTE });
  await clock.advance(SECOND);
  expect(engine.peek('crm')).toBeUndefined();
  expect(await served()).toBe(true);
  await clock.advance(10 * MINUTE);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F12 without start() the first caller after a resume gets a new token', async () => {
  await using world = new World();
  const { server, providers, accounts } = await authRefreshWorld(world);
  const engine = await world.engine({ providers, accounts });
  const before = await world.run(engine.getToken('crm'));
  await world.clock.suspend(2 * HOUR);
  const after = await world.run(engine.getToken('crm'));
  expect(after.reveal()).not.toBe(before.reveal());
  expect(server.truth.accepts(after.reveal())).toBe(true);
  expect(server.log.length).toBe(2);
});

test('F12 many short sleeps add up like one long one', async () => {
  await using world = new World();
  const { server, served } = await fetched(world);
  for (let nap = 0; nap < 30; nap += 1) {
    await world.clock.suspend(10 * MINUTE);
    await world.clock.advance(2 * SECOND);
    expect(await served()).toBe(true);
  }
  // Five hours and a minute of an hour-long token.
  const renewals = server.log.count({ operation: 'refresh' });
  expect(renewals).toBeGreaterThanOrEqual(5);
  expect(renewals).toBeLessThanOrEqual(8);
  expect(server.log.logins()).toHaveLength(1);
});

test('F12 a sleep that ends while the token still lives costs nothing', async () => {
  await using world = new World();
  const { server, token, served } = await fetched(world);
  await world.clock.suspend(30 * MINUTE);
  await world.clock.advance(MINUTE);
  expect(await served()).toBe(true);
  expect(server.truth.current('crm')?.accessToken).toBe(token.reveal());
  expect(server.log.length).toBe(1);
});

test('F12 a sleep of years in which the refresh token died costs one login', async () => {
  await using world = new World();
  const { server, served } = await fetched(world);
  await world.clock.suspend(3 * 365 * 24 * HOUR);
  await world.clock.advance(2 * SECOND);
  expect(await served()).toBe(true);
  await world.clock.advance(10 * MINUTE);
  expect(server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'obtain']);
});
