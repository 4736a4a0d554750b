import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { authRefreshWorld, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// Jest fails a test during which a promise is rejected and nobody handles it.

test('F55 callers that abort or time out after 1 ms leave at once, and the refresh goes on to its commit', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const old = await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR);
  server.faults.next('refresh', fault.delay(3 * SECOND));
  const leaver = new AbortController();

  const aborted = engine.getToken('crm', { signal: leaver.signal });
  const impatient = engine.getToken('crm', { waitMs: 1 });
  const outcomes = Promise.allSettled([aborted, impatient]);
  await world.clock.advance(1);
  leaver.abort();
  // Virtual time stands still: both are told without waiting for the refresh.
  const [first, second] = await outcomes;
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 'ABORTED' } });
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'WAIT_TIMED_OUT' } });

  await world.clock.advance(5 * SECOND);
  const token = await engine.getToken('crm');
  expect(token.generation).toBe(old.generation + 1);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.count()).toBe(2);
});

test('F55 a signal that was aborted before the call starts nothing', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await expect(
    world.run(engine.getToken('crm', { signal: AbortSignal.abort() })),
  ).rejects.toMatchObject({ code: 'ABORTED' });
  await world.clock.advance(MINUTE);
  expect(server.log.count()).toBe(0);
});

test('F55 an engine that is stopped in flight lets the refresh become durable first', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR);
  server.faults.next('refresh', fault.delay(5 * SECOND));
  const waiting = engine.getToken('crm');
  await world.clock.advance(SECOND);

  const stopped = engine.stop();
  await expect(engine.getToken('crm')).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
  await world.run(stopped);
  const token = await waiting;
  expect(server.truth.accepts(token.reveal())).toBe(true);

  const next = await world.engine(setup);
  expect((await world.run(next.getToken('crm'))).reveal()).toBe(token.reveal());
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F55 an engine whose patience ends before the reply turns its callers away, and the commit is still right', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR);
  server.faults.next('refresh', fault.delay(10 * SECOND));
  const waiting = engine.getToken('crm').catch((error: unknown) => error);
  await world.clock.advance(SECOND);
  await world.run(engine.stop({ deadlineMs: 2 * SECOND }));
  expect(await world.run(waiting)).toMatchObject({ code: 'ENGINE_STOPPED' });

  await world.clock.advance(3 * MINUTE);
  const next = await world.engine(setup);
  const token = await world.run(next.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.replays()).toHaveLength(0);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F55 a listener of a signal is taken off when its caller is served', async () => {
  await using world = new World();
  const { server: _server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  const { signal } = new AbortController();
  let listening = 0;
  const [add, remove] = [signal.addEventListener, signal.removeEventListener];
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    listening += 1;
    add.apply(signal, given);
  };
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    listening -= 1;
    remove.apply(signal, given);
  };
  for (let hour = 0; hour < 5; hour += 1) {
    await world.run(engine.getToken('crm', { signal }));
    await world.clock.advance(HOUR);
  }
  expect(listening).toBe(0);
});
