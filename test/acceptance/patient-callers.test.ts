import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { TroubledStore } from './troubled-store.js';
import { authRefreshWorld, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

async function troubledWorld(world: World) {
  const { server, providers, accounts } = await authRefreshWorld(world);
  const trouble = new TroubledStore(world.store, world.clock);
  const engine = await world.engine({ providers, accounts, store: trouble.store });
  const token = await world.run(engine.getToken('crm'));
  return { server, trouble, engine, token };
}

test('a token that still lives is handed out when its renewal outlasts the patience of its caller', async () => {
  await using world = new World();
  const { server, engine, token } = await troubledWorld(world);
  await world.clock.advance(HOUR - 50 * SECOND);
  server.faults.always('refresh', fault.hang());
  expect(await world.run(engine.getToken('crm'))).toBe(token);
  expect(await world.run(engine.getToken('crm', { waitMs: 100 }))).toBe(token);
  await world.clock.advance(MINUTE);
  const error = await failureOf(world.run(engine.getToken('crm', { waitMs: 100 })));
  expect(error.code).toBe('WAIT_TIMED_OUT');
});

test('a caller who waits out a pause is served as soon as another process has a token', async () => {
  await using world = new World();
  const { server, providers, accounts } = await authRefreshWorld(world);
  const [waiting, other] = [
    await world.engine({ providers, accounts }),
    await world.engine({ providers, accounts }),
  ];
  server.faults.next('obtain', fault.retryAfter(429, 12));
  const asked = waiting.getToken('crm');
  await world.clock.advance(2 * SECOND);
  const { generation } = await world.run(other.login('crm'));
  const before = world.clock.trueNow();
  expect((await world.run(asked)).generation).toBe(generation);
  expect(world.clock.trueNow() - before).toBeLessThanOrEqual(SECOND);
  expect(server.log.logins()).toHaveLength(2);
});

test('a store that never answers holds nobody up: the token at hand is served, or the wait ends', async () => {
  await using world = new World();
  const { trouble, engine, token } = await troubledWorld(world);
  trouble.hangs = true;
  await world.clock.advance(2 * SECOND);
  const before = world.clock.monotonic();
  expect(await world.run(engine.getToken('crm', { waitMs: SECOND }))).toBe(token);
  expect(world.clock.monotonic() - before).toBeLessThanOrEqual(1_001);

  const impatient = new AbortController();
  const waiting = failureOf(engine.getToken('crm', { signal: impatient.signal }));
  impatient.abort();
  expect((await world.run(waiting)).code).toBe('ABORTED');

  await world.clock.advance(2 * HOUR);
  const error = await failureOf(world.run(engine.getToken('crm', { waitMs: SECOND })));
  expect(error).toMatchObject({ code: 'WAIT_TIMED_OUT', retryable: true });
  trouble.hangs = false;
});

test('a store that is slow makes nobody wait longer than asked', async () => {
  await using world = new World();
  const { trouble, engine, token } = await troubledWorld(world);
  trouble.delayMs = 20 * SECOND;
  await world.clock.advance(2 * SECOND);
  const before = world.clock.monotonic();
  expect(await world.run(engine.getToken('crm', { waitMs: SECOND }))).toBe(token);
  expect(world.clock.monotonic() - before).toBeLessThanOrEqual(1_001);
  trouble.delayMs = 0;
  await world.clock.advance(MINUTE);
});

test.each(['login', 'renew', 'rotate'] as const)(
  '%s() answers in its time while the store cannot be written, and what it began goes on',
  async (operation) => {
    await using world = new World();
    const { server, trouble, engine } = await troubledWorld(world);
    await world.clock.advance(MINUTE);
    server.faults.always('any', fault.delay(SECOND, fault.normal()));
    const asked = failureOf(
      operation === 'rotate'
        ? engine.login('crm', { waitMs: 5 * SECOND })
        : engine[operation]('crm', { waitMs: 5 * SECOND }),
    );
    await world.clock.advance(500);
    trouble.fails = (method) => method === 'write';
    expect((await world.run(asked)).code).toBe('WAIT_TIMED_OUT');
    trouble.fails = () => false;
    await world.clock.advance(MINUTE);
    expect((await world.run(engine.getToken('crm'))).generation).toBe(2);
    expect(server.log.replays()).toEqual([]);
  },
);

test('a caller of login() who leaves stops nobody else, and the login itself goes on', async () => {
  await using world = new World();
  const { server, engine } = await troubledWorld(world);
  await world.clock.advance(MINUTE);
  server.faults.next('obtain', fault.delay(8 * SECOND, fault.normal()));
  const leaving = AbortSignal.abort();
  expect((await failureOf(engine.login('crm', { signal: leaving }))).code).toBe('ABORTED');
  const impatient = new AbortController();
  const asked = failureOf(engine.login('crm', { signal: impatient.signal }));
  await world.clock.advance(SECOND);
  impatient.abort();
  expect((await world.run(asked)).code).toBe('ABORTED');
  await world.clock.advance(20 * SECOND);
  expect((await world.run(engine.getToken('crm'))).generation).toBe(2);
});

test('background work asks a store that cannot be written no more often than it polls', async () => {
  await using world = new World();
  const { trouble, engine } = await troubledWorld(world);
  engine.start();
  await world.clock.advance(10 * MINUTE);
  trouble.fails = (method) => method === 'write';
  await world.clock.advance(2 * HOUR);
  trouble.calls = 0;
  await world.clock.advance(10 * MINUTE);
  expect(trouble.calls).toBeLessThan(10 * 60);
  trouble.fails = () => false;
  await world.clock.advance(MINUTE);
  expect((await world.run(engine.getToken('crm'))).generation).toBeGreaterThan(1);
});

test('a token fetched through a slow store is handed out by nobody past its end', async () => {
  await using world = new World();
  const { server, providers, accounts } = await authRefreshWorld(world, {
    authority: { rules: { accessLifeMs: 5 * MINUTE } },
  });
  const trouble = new TroubledStore(world.store, world.clock);
  const far = await world.engine({ providers, accounts, store: trouble.store });
  const near = await world.engine({ providers, accounts });
  trouble.delayMs = 2_400;
  await world.run(far.getToken('crm', { waitMs: 10 * MINUTE }));
  trouble.delayMs = 0;
  await world.run(near.getToken('crm'));
  server.faults.always('any', fault.status(503));
  const endsAt = server.truth.current('crm')?.accessEndsAt ?? 0;
  await world.clock.advance(endsAt - world.clock.trueNow() - 5 * SECOND);
  const servedDead: number[] = [];
  for (let tries = 0; tries < 100; tries += 1) {
    await world.clock.advance(100);
    const token = await world.run(near.getToken('crm').catch(() => undefined));
    if (token !== undefined && !server.truth.accepts(token.reveal())) servedDead.push(tries);
  }
  expect(servedDead).toEqual([]);
});
