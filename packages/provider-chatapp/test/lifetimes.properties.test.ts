import { test } from '@jest/globals';
import type { JsonObject, JsonValue, TokenReply } from '@tokenkeep/core';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { testCall } from '../../../test/providers/test-call.js';
import { readCheck, readPair } from '../src/replies.js';

const seconds = fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) / 1_000 });
const clocks = fc.record({
  date: fc.option(seconds, { nil: undefined }),
  now: seconds,
});

test('F08 an end time is as far away as the server says, on its own clock', () => {
  fc.assert(
    fc.property(seconds, seconds, clocks, fc.boolean(), (access, refresh, { date, now }, text) => {
      const written = text ? String : Number;
      const ends = { accessTokenEndTime: written(access), refreshTokenEndTime: written(refresh) };
      const reply = replyOf({ success: true, data: { accessToken: 'a', ...ends } }, date);
      const call = testCall({ wallClock: () => now * 1_000 });
      const pair = readPair('obtain', reply, call);
      const from = date ?? now;
      return (
        pair.lifetimeMs === (access - from) * 1_000 &&
        pair.refreshLifetimeMs === (refresh - from) * 1_000 &&
        (readCheck(reply, call) as { lifetimeMs?: number }).lifetimeMs === pair.lifetimeMs
      );
    }),
    manyRuns,
  );
});

test('F04 F05 F06 whatever else stands there is a number, or not stated, and never thrown', () => {
  const values = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: fc.constantFrom(...'0123456789-+.eE '), maxLength: 14 }),
    fc.jsonValue({ maxDepth: 1 }),
  );
  fc.assert(
    fc.property(values, clocks, fc.boolean(), (value, { date, now }, whole) => {
      const members = { accessToken: 'a', accessTokenEndTime: value as JsonValue };
      const data = whole ? (value as JsonValue) : members;
      const call = testCall({ wallClock: () => now * 1_000 });
      const { lifetimeMs } = readPair('refresh', replyOf({ success: true, data }, date), call);
      return lifetimeMs === undefined || !Number.isNaN(lifetimeMs);
    }),
    manyRuns,
  );
});

function replyOf(json: JsonObject, date: number | undefined): TokenReply {
  return {
    status: 200,
    ok: true,
    header: () => undefined,
    date: date === undefined ? undefined : date * 1_000,
    retryAfterMs: undefined,
    json: () => json,
    jsonIfAny: () => json,
    text: () => '',
  };
}
