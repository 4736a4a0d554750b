import { expect, test } from '@jest/globals';
import type { CrashPoint, TokenEngine } from '@tokenkeep/core';
import { failureOf } from './failure-of.js';
import { Machine } from './mortal-process.js';
import { authRefreshWorld, chatAppWorld, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Asks every second until a token that lives comes; how long that took, ms. */
async function servedAfter(world: World, engine: TokenEngine, limitMs = 10 * minute) {
  const start = world.clock.trueNow();
  while (world.clock.trueNow() - start < limitMs) {
    const token = await world.run(engine.getToken('crm').catch(() => undefined));
    if (token !== undefined) return world.clock.trueNow() - start;
    await world.clock.advance(second);
  }
  throw new Error('no token came');
}

/** A ChatApp account whose token has ended; the first process dies while it refreshes it. */
async function chatAppCrash(world: World, point: CrashPoint, account?: Record<string, unknown>) {
  const { server, ...setup } = await chatAppWorld(world);
  const machine = new Machine(world);
  const first = machine.process('first');
  const dying = await first.engine(setup);
  await world.run(dying.getToken('crm'));
  await world.clock.advance(day);
  first.dieAt(point);
  const asked = dying.getToken('crm').catch(() => {});
  await world.clock.settle();
  expect(first.dead).toBe(true);
  const accounts = setup.accounts.map((known) => ({ ...known, ...account }));
  return { server, machine, asked, setup: { ...setup, accounts } };
}

test.each([
  // Where nothing had been sent, the next process goes on; a lease of a dead process is over.
  ['CP2', { refreshes: 1, logins: 1 }],
  // In doubt: the refresh token had not left, so the resend brings tokens.
  ['CP3', { refreshes: 1, logins: 1 }],
  // In doubt: the server had rotated, so the resend is refused, and that is final.
  ['CP5', { refreshes: 2, logins: 2 }],
  ['CP6', { refreshes: 2, logins: 2 }],
] as const)(
  'F38 I6 resend-once, killed at %s: a process that knows the sender is gone settles it at once',
  async (point, { refreshes, logins }) => {
    await using world = new World();
    const { server, machine, setup } = await chatAppCrash(world, point);
    const engine = await machine.process('second').engine(setup);
    expect(await servedAfter(world, engine)).toBeLessThanOrEqual(20 * second);
    expect(server.log.count({ operation: 'refresh' })).toBe(refreshes);
    expect(server.log.logins()).toHaveLength(logins);
  },
);

test.each([
  ['CP3', { refreshes: 1, logins: 1 }],
  ['CP5', { refreshes: 2, logins: 2 }],
] as const)(
  'F38 I6 resend-once, killed at %s: who cannot tell waits 95 s from the send, and serves by 120 s',
  async (point, { refreshes, logins }) => {
    await using world = new World();
    const { server, setup } = await chatAppCrash(world, point);
    const sentAt = world.clock.trueNow();
    const engine = await new Machine(world).process('elsewhere').engine(setup);
    await servedAfter(world, engine);
    const resend = server.log.where({ operation: 'refresh' }).at(-1);
    expect((resend?.at ?? 0) - sentAt).toBeGreaterThanOrEqual(95 * second);
    expect(world.clock.trueNow() - sentAt).toBeLessThanOrEqual(120 * second);
    expect(server.log.count({ operation: 'refresh' })).toBe(refreshes);
    expect(server.log.logins()).toHaveLength(logins);
  },
);

test('F38 resend-once: background renewal settles a doubt nobody asks about', async () => {
  await using world = new World();
  const { server, setup } = await chatAppCrash(world, 'CP3');
  const engine = await new Machine(world).process('elsewhere').engine(setup);
  engine.start();
  await world.clock.advance(94 * second);
  expect(server.log.count({ operation: 'refresh' })).toBe(0);
  await world.clock.advance(16 * second);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(1);
});

test('F38 while a doubt waits, callers are told so, and when it will be over', async () => {
  await using world = new World();
  const { server, setup } = await chatAppCrash(world, 'CP5');
  const engine = await new Machine(world).process('elsewhere').engine(setup);
  await world.clock.advance(15 * second);
  const error = await failureOf(world.run(engine.getToken('crm')));
  expect(error.reason).toBe('in_doubt');
  expect(error.retryAt).toBeGreaterThan(world.clock.now());
  expect(error.retryAt).toBeLessThanOrEqual(world.clock.now() + 95 * second);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F38 resend-once without credentials: the refused resend is told once, as rotation_lost', async () => {
  await using world = new World();
  const { server, machine, setup } = await chatAppCrash(world, 'CP5', { credentials: undefined });
  const engine = await machine.process('second').engine(setup);
  const error = await failureOf(world.run(engine.getToken('crm')));
  expect(error).toMatchObject({ code: 'REAUTHORIZATION_REQUIRED', reason: 'rotation_lost' });
  for (let time = 0; time < 300; time += 1) {
    await world.run(engine.getToken('crm').catch(() => {}));
    await world.clock.advance(minute);
  }
  expect(server.log.count({ operation: 'refresh' })).toBe(2);
  expect(server.log.logins()).toHaveLength(1);
  expect(world.seen('account:reauthorization_required')).toHaveLength(1);
});

/** An account whose token is in its last fifth; the first process dies while it refreshes it. */
async function authRefreshCrash(
  world: World,
  point: CrashPoint,
  options: Parameters<typeof authRefreshWorld>[1] = {},
  account?: Record<string, unknown>,
) {
  const { server, ...logIn } = await authRefreshWorld(world, options);
  const seed = await world.engine(logIn);
  await world.run(seed.getToken('crm'));
  await world.run(seed.stop());
  const setup = { ...logIn, accounts: logIn.accounts.map((known) => ({ ...known, ...account })) };
  const machine = new Machine(world);
  const first = machine.process('first');
  const dying = await first.engine(setup);
  const token = await world.run(dying.getToken('crm'));
  await world.clock.advance(50 * minute);
  first.dieAt(point);
  await world.run(dying.getToken('crm'));
  await world.clock.settle();
  expect(first.dead).toBe(true);
  return { server, machine, setup, token };
}

test.each(['CP3', 'CP5'] as const)(
  'F38 never-resend, killed at %s: the next process serves the token to its end, then logs in once',
  async (point) => {
    await using world = new World();
    const { server, machine, setup, token } = await authRefreshCrash(world, point);
    const sent = server.log.count({ operation: 'refresh' });
    const engine = await machine.process('second').engine(setup);
    for (let time = 0; time < 9; time += 1) {
      expect((await world.run(engine.getToken('crm'))).reveal()).toBe(token.reveal());
      await world.clock.advance(minute);
    }
    expect(server.log.logins()).toHaveLength(1);
    await world.clock.advance(2 * minute);
    const next = await world.run(engine.getToken('crm'));
    expect(server.truth.accepts(next.reveal())).toBe(true);
    expect(server.log.logins()).toHaveLength(2);
    expect(server.log.count({ operation: 'refresh' })).toBe(sent);
  },
);

test('F38 never-resend without credentials: another process tells rotation_lost once, after 95 s', async () => {
  await using world = new World();
  const alone = { credentials: undefined };
  const { server, setup, token } = await authRefreshCrash(world, 'CP5', {}, alone);
  const sentAt = world.clock.now();
  const engine = await new Machine(world).process('elsewhere').engine(setup);
  engine.start();
  await world.clock.advance(9 * minute);
  expect((await world.run(engine.getToken('crm'))).reveal()).toBe(token.reveal());
  const [lost, ...more] = world.seen('account:reauthorization_required');
  expect(more).toEqual([]);
  expect(lost).toMatchObject({ reason: 'rotation_lost' });
  expect(Number(lost?.at) - sentAt).toBeGreaterThanOrEqual(95 * second);
  expect(Number(lost?.at) - sentAt).toBeLessThanOrEqual(120 * second);
  await world.clock.advance(3 * hour);
  expect(server.log.count()).toBe(2);
  expect(world.seen('account:reauthorization_required')).toHaveLength(1);
});

const grace = {
  authority: { rules: { rotation: { kind: 'grace', graceMs: 30_000 } as const } },
  provider: { refreshToken: { singleUse: true, reuseGraceMs: 30_000 } as const },
};

test.each(['gone', 'unknown'] as const)(
  'F45 grace: another process resends when the lease is over (holder %s), inside the grace',
  async (holder) => {
    await using world = new World();
    const { server, machine, setup } = await authRefreshCrash(world, 'CP5', grace);
    const sentAt = world.clock.trueNow();
    const there = holder === 'gone' ? machine : new Machine(world);
    const engine = await there.process('second').engine(setup);
    engine.start();
    await world.clock.advance(minute);
    const [first, resend, ...more] = server.log.where({ operation: 'refresh' });
    expect(more).toEqual([]);
    expect(first?.outcome).toBe('issued');
    expect(resend?.outcome).toBe('resent');
    expect((resend?.at ?? 0) - sentAt).toBeLessThan(25 * second);
    expect(server.log.logins()).toHaveLength(1);
    expect(server.truth.family('crm')?.revoked).toBe(false);
  },
);

test('F45 grace: a process that comes after the grace does not resend', async () => {
  await using world = new World();
  const { server, machine, setup } = await authRefreshCrash(world, 'CP5', grace);
  await world.clock.advance(26 * second);
  const engine = await machine.process('second').engine(setup);
  engine.start();
  await world.clock.advance(11 * minute);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(2);
});
