import { expect, test } from '@jest/globals';
import { fault, type TokenRules } from '@tokenkeep/testing';
import { authRefreshWorld, oauth20World, person, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Background renewal until the refresh token was used `cycles` times. */
async function rotates(
  world: World,
  cycles: number,
  setup: Parameters<typeof authRefreshWorld>[1],
) {
  const { server, ...parts } = await authRefreshWorld(world, setup);
  // Nobody else writes into the schedule: it need not be read every 5 s.
  const engine = await world.engine({ ...parts, parameters: { schedulePollMs: hour } });
  engine.start();
  const sent = () => server.log.count({ operation: 'refresh' });
  for (let passed = 0; sent() < cycles && passed < cycles; passed += 1) {
    await world.clock.advance(minute);
  }
  expect(sent()).toBeGreaterThanOrEqual(cycles);
  return { server, engine };
}

const rules: Partial<TokenRules> = { accessLifeMs: minute };

test('F41 a new refresh token each time: a thousand rotations, each with the token issued last', async () => {
  await using world = new World();
  const { server, engine } = await rotates(world, 1_000, { authority: { rules } });
  const refreshes = server.log.where({ operation: 'refresh' });
  for (const [index, { presentedGeneration, generation, outcome }] of refreshes.entries()) {
    expect({ presentedGeneration, generation, outcome }).toEqual({
      presentedGeneration: index + 1,
      generation: index + 2,
      outcome: 'issued',
    });
  }
  expect(server.log.logins()).toHaveLength(1);
  const token = await world.run(engine.getToken('crm'));
  expect(token.generation).toBe(refreshes.length + 1);
  expect(token.reveal()).toBe(server.truth.current('crm')?.accessToken);
});

test('F41 the same refresh token each time is used again, and the generation still counts', async () => {
  await using world = new World();
  const { server, engine } = await rotates(world, 100, {
    authority: { rules: { ...rules, rotation: { kind: 'reusable' } } },
    provider: { refreshToken: 'reusable' },
  });
  const refreshes = server.log.where({ operation: 'refresh' });
  expect(new Set(refreshes.map(({ presented }) => presented)).size).toBe(1);
  expect(refreshes.every(({ outcome }) => outcome === 'issued')).toBe(true);
  expect((await world.run(engine.getToken('crm'))).generation).toBe(refreshes.length + 1);
  expect(server.log.logins()).toHaveLength(1);
});

test('F41 a server that alternates gets back exactly what it sent last', async () => {
  await using world = new World();
  const { server, ...parts } = await authRefreshWorld(world, { authority: { rules } });
  const engine = await world.engine(parts);
  engine.start();
  let rounds = 0;
  server.onProcessed(() => {
    rounds += 1;
    server.truth.issueFixedRefreshToken(rounds % 3 === 0 ? undefined : 'the-same-one');
  });
  await world.clock.advance(100 * minute);
  const refreshes = server.log.where({ operation: 'refresh' });
  expect(refreshes.length).toBeGreaterThanOrEqual(100);
  expect(refreshes.every(({ outcome }) => outcome === 'issued')).toBe(true);
  expect(server.log.logins()).toHaveLength(1);
});

test('F42 a reply without a refresh token keeps the old one for a hundred cycles and more', async () => {
  await using world = new World();
  const { server } = await rotates(world, 110, {
    authority: {
      accounts: [{ accountId: 'crm', ...person }],
      clock: world.clock,
      omitsReusedRefreshToken: true,
      rules: { ...rules, rotation: { kind: 'reusable' } },
    },
    provider: { refreshToken: 'reusable' },
  });
  const refreshes = server.log.where({ operation: 'refresh' });
  expect(new Set(refreshes.map(({ presented }) => presented)).size).toBe(1);
  expect(refreshes.every(({ outcome }) => outcome === 'issued')).toBe(true);
  expect(server.log.logins()).toHaveLength(1);
});

test('F44 the same access token with less and less life is not asked for in a loop', async () => {
  await using world = new World();
  const { server, ...parts } = await authRefreshWorld(world, {
    authority: { rules: { sameAccessUntilLeftMs: minute } },
  });
  const engine = await world.engine(parts);
  engine.start();
  for (let passed = 0; passed < 10 * hour; passed += 10 * second) {
    engine.getToken('crm').catch(() => {});
    await world.clock.advance(10 * second);
  }
  const refreshes = server.log.where({ operation: 'refresh' });
  for (const [index, { at, issued }] of refreshes.slice(1).entries()) {
    const before = refreshes[index];
    if (before === undefined || before.issued !== issued) continue;
    const set = [...(server.truth.family('crm')?.sets ?? [])].find(
      ({ generation }) => generation === before.generation,
    );
    const left = (set?.accessEndsAt ?? 0) - before.at;
    expect(at - before.at).toBeGreaterThanOrEqual(Math.min(left / 2, left - 2 * second) - second);
  }
  // At most max(32, ceil(3600/L)) requests an hour that bring nothing; in fact a handful.
  expect(server.log.maxPerRollingWindow('refresh', hour)).toBeLessThanOrEqual(12);
  const anomalies = world.seen('anomaly:detected').filter(({ kind }) => kind === 'unchanged_token');
  expect(anomalies.length).toBeGreaterThanOrEqual(1);
  expect(server.log.logins()).toHaveLength(1);
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
});

test('F44 who asks for a renewal again and again gets the same token, not a request each time', async () => {
  await using world = new World();
  const { server, ...parts } = await authRefreshWorld(world, {
    authority: { rules: { sameAccessUntilLeftMs: minute } },
  });
  const engine = await world.engine(parts);
  await world.run(engine.getToken('crm'));
  for (let passed = 0; passed < 29 * minute; passed += 10 * second) {
    await world.run(engine.renew('crm').catch(() => {}));
    await world.clock.advance(10 * second);
  }
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
});

test('F47 refresh tokens that die after 10 s cost a login per access token, within the budget', async () => {
  await using world = new World();
  const { server, ...parts } = await authRefreshWorld(world);
  const engine = await world.engine({ ...parts, parameters: { schedulePollMs: hour } });
  engine.start();
  let undead = 0;
  for (let passed = 0; passed < 2 * day; passed += minute) {
    server.truth.killRefreshToken('crm');
    const token = await world.run(engine.getToken('crm').catch(() => undefined));
    if (token !== undefined && !server.truth.accepts(token.reveal())) undead += 1;
    await world.clock.advance(minute);
  }
  expect(undead).toBe(0);
  // Rotated when the window opens, not on use; each refused once; no two logins for one refusal.
  for (const sends of server.log.requestsPerGeneration().values()) expect(sends).toBe(1);
  const logins = server.log.logins();
  expect(logins.length).toBeLessThanOrEqual(server.log.count({ operation: 'refresh' }) + 1);
  expect(server.log.maxPerRollingWindow('obtain', day)).toBeLessThanOrEqual(24);
  const afterBurst = logins.slice(5).map(({ at }, index) => at - (logins[index + 4]?.at ?? 0));
  expect(Math.min(...afterBurst)).toBeGreaterThanOrEqual(17 * minute);
});

test('F68 logins whose outcome is unknown count, every one of them', async () => {
  await using world = new World();
  const { server, ...parts } = await authRefreshWorld(world, {
    provider: {
      budgets: [
        {
          operation: 'obtain',
          limit: 100,
          reserve: 10,
          windowMs: day,
          burst: 5,
          refillMs: 17 * minute,
          key: () => 'ada',
        },
      ],
    },
  });
  server.faults.always('obtain', fault.dropAfterProcessing());
  const engine = await world.engine(parts);
  for (let passed = 0; passed < 3 * day; passed += minute) {
    engine.getToken('crm').catch(() => {});
    await world.clock.advance(minute);
  }
  expect(server.log.logins().length).toBeGreaterThanOrEqual(200);
  expect(server.log.maxPerRollingWindow('obtain', day)).toBeLessThanOrEqual(90);
  server.faults.clear();
  for (let passed = 0; passed < 30; passed += 1) {
    engine.getToken('crm').catch(() => {});
    await world.clock.advance(minute);
  }
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
});

test('F68 one lost reply to a login costs one more login', async () => {
  await using world = new World();
  const { server, ...parts } = await oauth20World(world, { provider: { readAfterGrant: false } });
  const engine = await world.engine(parts);
  server.faults.next('obtain', fault.dropAfterProcessing());
  const token = await world.run(engine.getToken('shop'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.logins()).toHaveLength(2);
});
