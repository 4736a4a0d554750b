import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { defaultParameters } from '@tokenkeep/core';
import type { EngineProcess, Watched } from './processes/engine-process.js';
import { quick, RealWorld, until } from './processes/real-world.js';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const LIFE_MS = 2_000;
const shortLived = { rules: { accessLifeMs: LIFE_MS }, parameters: defaultParameters } as const;
const watching = { keys: ['crm'], everyMs: 20 };

/** What a process was handed was alive each time, by the server's clock. */
function expectNothingStale(world: RealWorld, { handed }: Watched): void {
  for (const [name, { last, prints }] of Object.entries(handed)) {
    expect(prints).toHaveLength(1);
    expect(last).toBeLessThan(world.issued(Number(name.split('#')[1]))?.accessEndsAt ?? 0);
  }
}

/** How old each token was, by the server's clock, when its successor was asked for. */
function agesAtRenewal({ server }: RealWorld): number[] {
  const issues = server.log.where({ outcome: 'issued' });
  return issues.slice(1).map(({ at }, index) => at - (issues[index]?.at ?? 0));
}

async function watchedWhile(child: EngineProcess, work: () => Promise<unknown>): Promise<Watched> {
  const watched = child.ask<Watched>('watch', watching);
  await work();
  await child.ask('endWatch');
  return watched;
}

test.each([
  { steps: [HOUR, -HOUR], says: 'an hour there and back' },
  { steps: [YEAR], says: 'a year ahead' },
  { steps: [-10 * YEAR], says: 'ten years back' },
])(
  'F10 the wall clock steps $says: nothing is asked for early, late or twice',
  async ({ steps }) => {
    await using world = await RealWorld.begin(shortLived);
    const child = await world.process({}, { wallShiftMs: 0 });
    await child.ask('start');
    const watched = await watchedWhile(child, async () => {
      for (const wallMs of steps) {
        const before = world.tokenRequests.length;
        await until(() => world.tokenRequests.length > before);
        await sleep(LIFE_MS / 8);
        await child.ask('shift', { wallMs });
        await until(() => world.tokenRequests.length > before + 2);
      }
    });
    expect(watched.errors).toEqual([]);
    expectNothingStale(world, watched);
    expect(world.server.log.logins()).toHaveLength(1);
    expect(new Set(world.server.log.requestsPerGeneration().values())).toEqual(new Set([1]));
    for (const age of agesAtRenewal(world)) {
      // The advisory window begins between 0.5 and 0.7 of this life.
      expect(age).toBeGreaterThan(LIFE_MS * 0.4);
      expect(age).toBeLessThan(LIFE_MS);
    }
  },
);

test.each([HOUR, -HOUR, YEAR, -YEAR])(
  'F11 restarted with its wall clock %i ms off: the stored token serves, without a request',
  async (wallShiftMs) => {
    await using world = await RealWorld.begin({});
    await world.logInFirst();
    const child = await world.process({}, { wallShiftMs });
    await child.ask('start');
    const token = await child.ask('token', { key: 'crm' });
    expect(world.isIssued(token, 1)).toBe(true);
    expect(Math.abs(token.expiresAt - token.wall - HOUR)).toBeLessThan(HOUR / 60);
    expect(world.tokenRequests).toHaveLength(1);
  },
);

test('F11 after a reboot the access token counts as ended: one refresh, whatever the wall clock', async () => {
  await using world = await RealWorld.begin({});
  const bootedAs = (bootId: string) => ({ kind: 'sqlite', path: world.path, bootId }) as const;
  const first = await world.process({ store: bootedAs('the first boot') });
  await first.ask('token', { key: 'crm' });
  await first.kill();
  const second = await world.process({ store: bootedAs('the second') }, { wallShiftMs: -YEAR });
  expect(world.isIssued(await second.ask('token', { key: 'crm' }), 2)).toBe(true);
  await second.ask('start');
  expect(world.isIssued(await second.ask('token', { key: 'crm' }), 2)).toBe(true);
  expect(world.tokenRequests.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
});

test.each([
  { started: true, by: 'background renewal' },
  { started: false, by: 'the next caller' },
])(
  'F12 stopped for longer than the life of its token: one renewal by $by, nothing stale',
  async ({ started }) => {
    await using world = await RealWorld.begin(shortLived);
    const child = await world.process();
    if (started) await child.ask('start');
    let renewedAfter = 0;
    let resumedAt = 0;
    const watched = await watchedWhile(child, async () => {
      const before = world.tokenRequests.length;
      await until(() => world.tokenRequests.length > before);
      // In the quiet part of a life: no renewal is under way.
      await sleep(LIFE_MS / 8);
      child.signal('SIGSTOP');
      await child.standsStill();
      const seen = world.tokenRequests.length;
      await sleep(LIFE_MS * 1.5);
      expect(world.tokenRequests).toHaveLength(seen);
      resumedAt = performance.timeOrigin + performance.now();
      child.signal('SIGCONT');
      await until(() => world.tokenRequests.length > seen);
      await sleep(LIFE_MS / 4);
      renewedAfter = world.tokenRequests.length - seen;
    });
    expect(watched.errors).toEqual([]);
    expect(renewedAfter).toBe(1);
    expectNothingStale(world, watched);
    const [resumed] = world.server.log.where(({ at }) => at >= resumedAt);
    expect((resumed?.at ?? Infinity) - resumedAt).toBeLessThan(1_000);
  },
);

test('F12 the machine slept two hours: noticed within a second, one renewal, nothing stale after', async () => {
  await using world = await RealWorld.begin({ parameters: { ...quick, gapMs: 5_000 } });
  await world.logInFirst();
  const child = await world.process({}, { wallShiftMs: 0 });
  await child.ask('start');
  let napAt = 0;
  const watched = await watchedWhile(child, async () => {
    await sleep(500);
    expect(world.tokenRequests).toHaveLength(1);
    napAt = (await child.ask<{ at: number }>('shift', { napMs: 2 * HOUR, wallMs: 2 * HOUR })).at;
    await until(() => world.tokenRequests.length > 1);
    await sleep(1_500);
  });
  expect(world.tokenRequests.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
  expect(world.tokenRequests[1]?.at).toBeLessThan(napAt + 1_200);
  expect(watched.errors).toEqual([]);
  expect(watched.handed['crm#1']?.last).toBeLessThan(napAt + 1_200);
});

test('F12 a token that was fetched before the sleep was noticed has its whole life before it', async () => {
  await using world = await RealWorld.begin({});
  await world.logInFirst();
  const child = await world.process({}, { wallShiftMs: 0 });
  await child.ask('token', { key: 'crm' });
  await child.ask('shift', { napMs: 2 * HOUR, wallMs: 2 * HOUR });
  expect(world.isIssued(await child.ask('renew', { key: 'crm' }), 2)).toBe(true);
  await sleep(1_500);
  const token = await child.ask('token', { key: 'crm' });
  expect(world.isIssued(token, 2)).toBe(true);
  expect(Math.abs(token.expiresAt - token.wall - HOUR)).toBeLessThan(HOUR / 60);
  expect(world.tokenRequests.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
});
