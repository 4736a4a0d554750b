import { expect, test } from '@jest/globals';
import { fault, type RetryAfter } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, chatAppWorld, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const imfFixdate = (ms: number) => new Date(ms).toUTCString();

/** `Sunday, 06-Nov-94 08:49:37 GMT` */
function rfc850(ms: number): string {
  const [, day, month, year, time] = imfFixdate(ms).split(/,? /);
  const weekday = new Date(ms).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' });
  return `${weekday}, ${day}-${month}-${year?.slice(2)} ${time} GMT`;
}

/** `Sun Nov  6 08:49:37 1994` */
function asctime(ms: number): string {
  const [weekday, day, month, year, time] = imfFixdate(ms).split(/,? /);
  return `${weekday} ${month} ${String(Number(day)).padStart(2, ' ')} ${time} ${year}`;
}

/** Callers ask each second while the access token is in its last fifth and a refresh is refused. */
async function pauseAfter(
  status: number,
  values: readonly RetryAfter[],
  { forMs = minute, skewMs = 0, processes = 1 } = {},
) {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  server.dateSkewMs = skewMs;
  const engines = [];
  for (let count = 0; count < processes; count += 1) engines.push(await world.engine(setup));
  for (const engine of engines) await world.run(engine.getToken('crm'));
  await world.clock.advance(50 * minute);
  server.faults.next('refresh', fault.retryAfter(status, ...values));
  for (let passed = 0; passed < forMs; passed += second) {
    for (const engine of engines) await world.run(engine.getToken('crm'));
    await world.clock.advance(second);
  }
  const [first, next, ...more] = server.log.where({ operation: 'refresh' });
  expect(more).toEqual([]);
  expect(server.log.logins()).toHaveLength(1);
  return next === undefined ? undefined : next.at - (first?.at ?? 0);
}

/** What no valid Retry-After means: the backoff of a first failure, and the gap of 5 s. */
function expectNormalPause(pause: number | undefined) {
  expect(pause).toBeGreaterThanOrEqual(5 * second);
  expect(pause).toBeLessThanOrEqual(8 * second);
}

const valid: [string, RetryAfter, number][] = [
  ['7', '7', 7],
  ['a date, IMF-fixdate', (now) => imfFixdate(now + 20 * second), 20],
  ['a date, RFC 850', (now) => rfc850(now + 20 * second), 20],
  ['a date, asctime', (now) => asctime(now + 20 * second), 20],
];

test.each(valid)(
  'F32 Retry-After of %s at 429 or 503 is a floor, kept to the second',
  async (_, value, s) => {
    for (const status of [429, 503]) {
      const pause = await pauseAfter(status, [value]);
      expect(pause).toBeGreaterThanOrEqual((s - 1) * second);
      expect(pause).toBeLessThanOrEqual((s + 3) * second);
    }
  },
);

test.each([-hour, hour])(
  'F32 a date is read against the Date of the same reply, skewed by %d ms or not',
  async (skewMs) => {
    for (const [, value] of valid.slice(1)) {
      const pause = await pauseAfter(503, [value], { skewMs });
      expect(pause).toBeGreaterThanOrEqual(19 * second);
      expect(pause).toBeLessThanOrEqual(23 * second);
    }
  },
);

const invalid: [string, RetryAfter[]][] = [
  ['0', ['0']],
  ['-5', ['-5']],
  ['1.5', ['1.5']],
  ['+3', ['+3']],
  ['1e3', ['1e3']],
  ['junk', ['junk']],
  ['an empty value', ['']],
  ['nothing', []],
  ['two values', ['40', '50']],
  ['a date in the past', [(now) => imfFixdate(now - hour)]],
  ['a date that does not exist', ['Fri, 99 Foo 2030 25:61:61 GMT']],
  ['a local date', ['2026-01-01 01:00:00']],
];

test.each(invalid)(
  'F32 Retry-After of %s means the normal backoff, never less than the gap',
  async (_, values) => {
    for (const status of [429, 503]) expectNormalPause(await pauseAfter(status, values));
  },
);

test('F32 the pause is shared by all processes through the store', async () => {
  const pause = await pauseAfter(429, ['30'], { processes: 3 });
  expect(pause).toBeGreaterThanOrEqual(29 * second);
  expect(pause).toBeLessThanOrEqual(33 * second);
});

test.each(['3601', '99999999999', '999999999999999'])(
  'F32 Retry-After of %s s parks the account: callers are told until when, and nothing is sent',
  async (value) => {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world);
    const engine = await world.engine(setup);
    engine.start();
    await world.run(engine.getToken('crm'));
    await world.clock.advance(30 * minute);
    server.faults.always('any', fault.retryAfter(429, value));
    await world.clock.advance(hour);
    const askedAt = server.log.last?.at ?? 0;
    expect(server.log.count()).toBe(2);
    const error = await failureOf(world.run(engine.getToken('crm')));
    const parkedMs = Math.min(Number(value) * second, day);
    expect(Math.abs(Number(error.retryAt) - askedAt - parkedMs)).toBeLessThanOrEqual(second);
    const left = parkedMs - (world.clock.trueNow() - askedAt);
    if (left > 0) await world.clock.advance(left - second);
    expect(server.log.count()).toBe(2);
    server.faults.clear();
    await world.clock.advance(minute);
    await world.run(engine.getToken('crm'));
    expect(server.log.count()).toBe(3);
  },
);

test('F32 Retry-After is a floor also where the failed refresh is in doubt', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  server.faults.next('refresh', fault.retryAfter(503, 120));
  for (let passed = 0; passed < 5 * minute; passed += second) {
    engine.getToken('crm').catch(() => {});
    await world.clock.advance(second);
  }
  const [first, resend, ...more] = server.log.where({ operation: 'refresh' });
  expect(more).toEqual([]);
  expect((resend?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(119 * second);
  expect((resend?.at ?? 0) - (first?.at ?? 0)).toBeLessThanOrEqual(124 * second);
});

test('F32 an absurd Retry-After on a refresh in doubt does not park the account for ever', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  server.faults.next('refresh', fault.retryAfter(503, '99999999999'));
  const error = await failureOf(world.run(engine.getToken('crm')));
  expect(error.retryAt).toBeLessThanOrEqual(world.clock.now() + day);
  await world.clock.advance(day);
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
});

test('F32 a throttled login waits as long as it was told, for one process and the next', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  server.faults.next('obtain', fault.retryAfter(429, 100));
  const engine = await world.engine(setup);
  const error = await failureOf(world.run(engine.getToken('crm')));
  expect(error.code).toBe('PROVIDER_THROTTLED');
  expect(Number(error.retryAt) - world.clock.now()).toBeGreaterThan(80 * second);
  const next = await world.engine(setup);
  for (let passed = 0; passed < 3 * minute; passed += second) {
    next.getToken('crm').catch(() => {});
    await world.clock.advance(second);
  }
  const [first, second_, ...more] = server.log.logins();
  expect(more).toEqual([]);
  expect((second_?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(99 * second);
});
