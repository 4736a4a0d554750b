import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

test.each([
  ['throttled', 429],
  ['rejected', 401],
])(
  'a login that is %s says nothing about the refresh that left meanwhile: its doubt stays',
  async (_, status) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    await world.clock.advance(HOUR + MINUTE);
    server.faults.next('obtain', fault.delay(9 * SECOND, fault.status(status)));
    server.faults.next('refresh', fault.delay(20 * SECOND, fault.dropAfterProcessing()));
    const login = failureOf(engine.login('crm'));
    await world.clock.advance(6 * SECOND);
    const waiting = engine.getToken('crm').catch(() => undefined);
    await world.clock.advance(SECOND);
    await world.run(login);
    expect((await world.run(engine.status('crm'))).state).toBe('in_doubt');
    await world.clock.advance(10 * MINUTE);
    await waiting;
    await world.run(engine.getToken('crm').catch(() => undefined));
    expect(server.log.replays()).toEqual([]);
  },
);

test('a login that fails after the refresh in flight was committed brings no doubt back', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR + MINUTE);
  server.faults.next('refresh', fault.delay(3 * SECOND));
  server.faults.next('obtain', fault.delay(6 * SECOND, fault.status(429)));
  const waiting = engine.getToken('crm');
  await world.clock.advance(SECOND);
  const login = failureOf(engine.login('crm'));
  await world.run(waiting);
  await world.run(login);
  expect((await world.run(engine.status('crm'))).state).toBe('live');
});

test.each([200, 201, 202, 404, 408, 409, 410, 421, 425, 451, 460, 499])(
  'a refresh that was processed and answered with %d and no reason is in doubt, not asked again',
  async (status) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    engine.start();
    await world.run(engine.getToken('crm'));
    const body = status < 300 ? '{"success":false}' : '{"message":"upstream timed out"}';
    server.faults.next('refresh', fault.processed(fault.status(status, { body })));
    await world.clock.advance(HOUR + 20 * MINUTE);
    expect(server.log.replays()).toEqual([]);
    const token = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
  },
);
