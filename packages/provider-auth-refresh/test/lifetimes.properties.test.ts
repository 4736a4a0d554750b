import { test } from '@jest/globals';
import type { JsonObject, JsonValue, TokenReply } from '@tokenkeep/core';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { testCall } from '../../../test/providers/test-call.js';
import { type LifetimeField, readOptions } from '../src/options.js';
import { readTokens } from '../src/replies.js';

const forms = ['seconds', 'milliseconds', 'unix-seconds', 'unix-milliseconds', 'datetime'] as const;
const two = (value: number) => String(value).padStart(2, '0');
const reading = (as: LifetimeField['as']) => {
  const options = { id: 'x', baseUrl: 'https://id.example' };
  return readOptions({ ...options, reply: { accessLifetime: { path: 'life', as } } }).reply;
};
const settings = Object.fromEntries(forms.map((as) => [as, reading(as)]));

/** ISO 8601 with an offset, written by hand: the time of the day is that of the offset. */
const datetimes = fc
  .record({
    instant: fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) }),
    offsetMinutes: fc.integer({ min: -14 * 60, max: 14 * 60 }),
    colon: fc.constantFrom('', ':'),
    digits: fc.constantFrom(0, 1, 3, 6, 9),
    zulu: fc.boolean(),
  })
  .map(({ instant, offsetMinutes, colon, digits, zulu }) => {
    const minutes = zulu ? 0 : offsetMinutes;
    const ms =
      digits === 0 ? 0 : digits === 1 ? 100 * Math.floor((instant % 1_000) / 100) : instant % 1_000;
    const at = Math.floor(instant / 1_000) * 1_000 + ms;
    const local = new Date(at + minutes * 60_000);
    const date = `${local.getUTCFullYear()}-${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}`;
    const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(two);
    const fraction =
      digits === 0 ? '' : `.${`${String(ms).padStart(3, '0')}999999`.slice(0, digits)}`;
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    const offset = zulu ? 'Z' : `${minutes < 0 ? '-' : '+'}${two(hours)}${colon}${two(rest)}`;
    return { at, text: `${date}T${time.join(':')}${fraction}${offset}` };
  });
const clocks = fc.record({
  date: fc.option(fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) }), { nil: undefined }),
  now: fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) }),
});

interface Clocks {
  readonly date: number | undefined;
  readonly now: number;
}

function lifetimeOf(as: LifetimeField['as'], life: JsonValue, { date, now }: Clocks) {
  const call = testCall({ wallClock: () => now });
  return readTokens('obtain', replyOf({ token: 'a', life }, date), call, settings[as] as never)
    .lifetimeMs;
}

test('F08 an end in any form, at any offset, is as far away as the server says, on its own clock', () => {
  fc.assert(
    fc.property(datetimes, clocks, fc.nat(2), ({ at, text }, clocks, form) => {
      const expected = (end: number) => end - (clocks.date ?? clocks.now);
      const seconds = Math.floor(at / 1_000);
      if (form === 0) {
        // Without an offset it would be a time in the zone of this machine.
        const bare = text.replace(/(Z|[+-]\d\d:?\d\d)$/, '');
        const unknown = lifetimeOf('datetime', bare, clocks) === undefined;
        return unknown && lifetimeOf('datetime', text, clocks) === expected(at);
      }
      const life = form === 1 ? String : Number;
      return (
        lifetimeOf('unix-milliseconds', life(at), clocks) === expected(at) &&
        lifetimeOf('unix-seconds', life(seconds), clocks) === expected(seconds * 1_000)
      );
    }),
    manyRuns,
  );
});

/** What must come of a text: a time, nothing, or no matter which of both. */
interface Expectation {
  readonly value: JsonValue;
  readonly expected: number | undefined | 'either';
}

/** Numbers at and beyond the edges of the calendar and of the clock. */
const edges: fc.Arbitrary<Expectation> = fc
  .tuple(
    fc.constantFrom(2023, 2024, 2100),
    fc.constantFrom(0, 1, 2, 4, 12, 13),
    fc.constantFrom(0, 1, 28, 29, 30, 31, 32),
    fc.constantFrom(0, 23, 24, 25),
    fc.constantFrom(0, 59, 60),
    fc.constantFrom(0, 59, 60),
  )
  .map(([year, month, day, hour, minute, second]) => {
    const date = [String(year), two(month), two(day)].join('-');
    const value = `${date}T${[hour, minute, second].map(two).join(':')}Z`;
    const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
    const isDay = month >= 1 && month <= 12 && day >= 1 && day <= days;
    // ISO 8601 knows 24:00:00, the end of a day.
    const isTime =
      minute < 60 && second < 60 && (hour < 24 || hour * 60 + minute + second === 1_440);
    const at = Date.UTC(year, month - 1, day, hour, minute, second);
    return { value, expected: isDay && isTime ? at : undefined };
  });
const spoilt = fc
  .tuple(datetimes, fc.nat(34), fc.constantFrom(...'0123456789-+:.TZ W', ''))
  .map(([{ text }, at, character]) => text.slice(0, at) + character + text.slice(at + 1));
const anything: fc.Arbitrary<Expectation> = fc
  .oneof(
    spoilt,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: fc.constantFrom(...'0123456789-+.eE '), maxLength: 18 }),
    fc.jsonValue({ maxDepth: 1 }),
  )
  .map((value) => ({ value: value as JsonValue, expected: 'either' }));

test('F04 F05 F06 whatever else is written there is a real time, or not stated, and never thrown', () => {
  fc.assert(
    fc.property(fc.oneof(edges, anything), fc.constantFrom(...forms), (drawn, as) => {
      const { value, expected } = drawn;
      const ms = lifetimeOf(expected === 'either' ? as : 'datetime', value, { date: 0, now: 0 });
      if (expected !== 'either') return ms === expected;
      return ms === undefined || (typeof ms === 'number' && !Number.isNaN(ms));
    }),
    manyRuns,
  );
});

function replyOf(json: JsonObject, date: number | undefined): TokenReply {
  return {
    status: 200,
    ok: true,
    header: () => undefined,
    date,
    retryAfterMs: undefined,
    json: () => json,
    jsonIfAny: () => json,
    text: () => '',
  };
}
