import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { apiCall } from './api-call.js';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, chatAppWorld, World } from './world.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Asks every minute; what it was told, tokens and error codes, in order and without repeats. */
async function asksFor(world: World, ms: number, ask: () => Promise<{ reveal(): string }>) {
  const told: string[] = [];
  for (let passed = 0; passed < ms; passed += minute) {
    const answer = await world.run(ask().then((token) => token.reveal(), String));
    if (told.at(-1) !== answer) told.push(answer);
    await world.clock.advance(minute);
  }
  return told;
}

test.each(['rst', 'fin'] as const)(
  'F38 never-resend: after a lost reply (%s) the old token serves to its end, then one login',
  async (how) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    server.faults.next('refresh', fault.dropAfterProcessing(how));
    const told = await asksFor(world, 90 * minute, () => engine.getToken('crm'));
    expect(told).toHaveLength(2);
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
    const [first, second, ...more] = server.log.logins();
    expect(more).toEqual([]);
    const apart = (second?.at ?? 0) - (first?.at ?? 0);
    expect(apart).toBeGreaterThanOrEqual(hour - 1_000);
    expect(apart).toBeLessThan(hour + 2 * minute);
    expect(server.log.replays()).toEqual([]);
    expect(world.seen('renewal:in_doubt')).toHaveLength(1);
  },
);

test('F38 never-resend: background renewal, too, logs in once and only at the end', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  engine.start();
  server.faults.next('refresh', fault.dropAfterProcessing());
  await world.clock.advance(hour - 2_000);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(1);
  await world.clock.advance(20_000);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(2);
});

test('F38 never-resend: an API that refuses the old token brings the login forward', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: { rules: { refreshEndsOldAccess: true } },
  });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(50 * minute);
  server.faults.next('refresh', fault.dropAfterProcessing());
  await world.run(engine.getToken('crm'));
  await world.clock.advance(minute);
  expect(server.log.logins()).toHaveLength(1);
  const reply = await world.run(engine.withToken('crm', apiCall(world, server)));
  expect(reply.status).toBe(200);
  expect(server.log.logins()).toHaveLength(2);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F38 never-resend without credentials: rotation_lost is told at once and once', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const before = await world.engine(setup);
  const token = await world.run(before.getToken('crm'));
  await world.run(before.stop());
  const accounts = setup.accounts.map((account) => ({ ...account, credentials: undefined }));
  const engine = await world.engine({ ...setup, accounts });
  engine.start();
  server.faults.next('refresh', fault.dropAfterProcessing());
  const told = await asksFor(world, 58 * minute, () => engine.getToken('crm'));
  expect(told).toEqual([token.reveal()]);
  const [lost, ...more] = world.seen('account:reauthorization_required');
  expect(more).toEqual([]);
  expect(lost).toMatchObject({ reason: 'rotation_lost' });
  const [refresh] = server.log.where({ operation: 'refresh' });
  expect(Number(lost?.at) - (refresh?.at ?? 0)).toBeLessThan(1_000);

  await world.clock.advance(2 * minute);
  const error = await failureOf(world.run(engine.getToken('crm')));
  expect(error).toMatchObject({ code: 'REAUTHORIZATION_REQUIRED', reason: 'rotation_lost' });
  await asksFor(world, 3 * hour, () => engine.getToken('crm'));
  expect(server.log.count()).toBe(2);
  expect(world.seen('account:reauthorization_required')).toHaveLength(1);
});

test('F38 resend-once: a lost reply is answered by one resend and, refused, by one login', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  const old = await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  server.faults.next('refresh', fault.dropAfterProcessing());
  const token = await world.run(engine.getToken('crm'));
  expect(token.reveal()).not.toBe(old.reveal());
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count({ operation: 'refresh' })).toBe(2);
  expect(server.log.replays()).toHaveLength(1);
  expect(server.log.logins()).toHaveLength(2);
});

test('F38 resend-once: where the server had not processed it, the resend brings the token', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  server.faults.next('refresh', fault.dropBeforeProcessing());
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count({ operation: 'refresh' })).toBe(2);
  expect(server.log.replays()).toEqual([]);
  expect(server.log.logins()).toHaveLength(1);
});

test('F38 I1 resend-once: when the resend is lost, too, the next step is the login', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  server.faults.always('refresh', fault.dropBeforeProcessing());
  const told = await asksFor(world, 10 * minute, () => engine.getToken('crm'));
  expect(server.log.requestsPerGeneration().get('crm#1')).toBe(2);
  expect(server.log.logins()).toHaveLength(2);
  expect(server.truth.accepts(told.at(-1) ?? '')).toBe(true);
});

test('F38 resend-once without credentials: a refused resend is final, and told once', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const before = await world.engine(setup);
  await world.run(before.getToken('crm'));
  await world.run(before.stop());
  const accounts = setup.accounts.map((account) => ({ ...account, credentials: undefined }));
  const engine = await world.engine({ ...setup, accounts });
  await world.clock.advance(day);
  server.faults.next('refresh', fault.dropAfterProcessing());
  const error = await failureOf(world.run(engine.getToken('crm')));
  expect(error).toMatchObject({ code: 'REAUTHORIZATION_REQUIRED', reason: 'rotation_lost' });
  await asksFor(world, 3 * hour, () => engine.getToken('crm'));
  expect(server.log.count({ operation: 'refresh' })).toBe(2);
  expect(server.log.logins()).toHaveLength(1);
  expect(world.seen('account:reauthorization_required')).toMatchObject([
    { reason: 'rotation_lost' },
  ]);
});

const grace = {
  authority: { rules: { rotation: { kind: 'grace', graceMs: 30_000 } as const } },
  provider: { refreshToken: { singleUse: true, reuseGraceMs: 30_000 } as const },
};

test.each([
  ['is torn off', fault.dropAfterProcessing()],
  ['never comes', fault.processed(fault.hang())],
  ['is cut short', fault.truncate(40)],
  ['is a server error', fault.processed(fault.status(502))],
])('F45 inside the grace a reply that %s heals with one resend', async (_, lost) => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, grace);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  for (let round = 1; round <= 10; round += 1) {
    await world.clock.advance(50 * minute);
    server.faults.next('refresh', lost);
    const before = server.log.count({ operation: 'refresh' });
    for (let second = 0; second < 60; second += 1) {
      await world.run(engine.getToken('crm'));
      await world.clock.advance(1_000);
    }
    const [first, second, ...more] = server.log.where({ operation: 'refresh' }).slice(before);
    expect(more).toEqual([]);
    expect(second).toMatchObject({ outcome: 'resent', replay: true });
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(25_000);
  }
  expect(server.log.logins()).toHaveLength(1);
  expect(server.truth.family('crm')?.revoked).toBe(false);
});

test('F45 outside the grace nothing is resent', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, grace);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(50 * minute);
  server.faults.next('refresh', fault.dropAfterProcessing());
  // Nobody works in the background, and the next caller comes when the grace has passed.
  await world.run(engine.getToken('crm'));
  await world.clock.advance(26_000);
  await asksFor(world, 30 * minute, () => engine.getToken('crm'));
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(2);
  expect(server.log.replays()).toEqual([]);
});
