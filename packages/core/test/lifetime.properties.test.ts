import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { TokenError } from '../src/errors/token-error.js';
import { judgeIssuedTokens } from '../src/token/judge-issued-tokens.js';
import {
  judgeLifetime,
  type LifetimeBounds,
  LONGEST_LIFETIME_MS,
  lifetimeFrom,
} from '../src/token/lifetime.js';
import type { IssuedTokens } from '../src/token/token-set.js';
import { EngineCall } from '../src/transport/engine-call.js';

const digits = fc.oneof(
  fc.nat().map(String),
  fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 13 }),
  fc.string({ unit: fc.constantFrom(...'019eE+-. ٣x_'), maxLength: 8 }),
);
const awkward = fc.constantFrom(0, -0, Number.NaN, 1e308, -1e308, 2 ** 53, 9e15, 1e12, '', '0');
const sent = fc.oneof(
  digits,
  awkward,
  fc.double(),
  fc.integer(),
  fc.anything({ maxDepth: 1, maxKeys: 2 }),
);

const bounds: fc.Arbitrary<LifetimeBounds & { shortestMs: number }> = fc
  .record({
    shortestMs: fc.integer({ min: 1, max: 5_000 }),
    defaultMs: fc.integer({ min: 5_000, max: 86_400_000 }),
    maxMs: fc.integer({ min: 5_000, max: LONGEST_LIFETIME_MS }),
    zeroMeans: fc.constantFrom('invalid', 'never'),
  })
  .map((drawn) => ({ ...drawn, defaultMs: Math.min(drawn.defaultMs, drawn.maxMs) }));

/** The rule of F04 and F05 in other words: a number, or up to ten of the ten digits. */
function meantBy(value: unknown): bigint | number | undefined {
  if (typeof value === 'number') return value - value === 0 ? value : undefined;
  if (typeof value !== 'string' || value.length < 1 || value.length > 10) return undefined;
  return [...value].every((character) => '0123456789'.includes(character))
    ? BigInt(value)
    : undefined;
}

describe('a lifetime as a server may write it', () => {
  test('F04 F05 is a number, up to ten digits, or not stated: nothing is guessed', () => {
    fc.assert(
      fc.property(sent, fc.constantFrom(1, 1_000), (value, unitMs) => {
        const meant = meantBy(value);
        const expected = meant === undefined ? undefined : Number(meant) * unitMs;
        return Object.is(lifetimeFrom(value, unitMs), expected);
      }),
      manyRuns,
    );
  });

  test('F02 F03 F06 F07 has one outcome, within the bounds, and never longer than was said', () => {
    const stated = fc.oneof(
      sent.map((value) => lifetimeFrom(value)),
      fc.double(),
      fc.integer(),
    );
    fc.assert(
      fc.property(stated, bounds, (value, { shortestMs, ...limits }) => {
        const { ms, verdict } = judgeLifetime(value, limits, shortestMs);
        if (!Number.isSafeInteger(ms) || ms < 0 || ms > limits.maxMs) return false;
        if (value === undefined || Number.isNaN(value)) {
          return ms === limits.defaultMs && verdict === 'default';
        }
        if (value === 0 && limits.zeroMeans === 'never') return verdict === 'never';
        if (ms > Math.max(0, value)) return false;
        // What is cut off is less than a millisecond, or all that is above the maximum.
        if (value < shortestMs) return ms === 0 && verdict === 'expired_on_arrival';
        if (value > limits.maxMs) return ms === limits.maxMs && verdict === 'clamped';
        return verdict === 'stated' && value - ms < 1;
      }),
      manyRuns,
    );
  });

  test('F08 counts from the Date of the reply it came in, else from the local clock', () => {
    const moment = fc.oneof(
      fc.integer({ min: 0, max: 4_102_444_800_000 }),
      fc.double(),
      awkward.filter((value) => typeof value === 'number'),
    );
    const date = fc.option(fc.integer({ min: 0, max: 4_102_444_800_000 }), { nil: undefined });
    fc.assert(
      fc.property(fc.option(moment, { nil: undefined }), date, date, (endsAt, date, now = 0) => {
        wallClock = now;
        const ms = call.lifetimeUntil(endsAt, { ...reply, date });
        if (endsAt === undefined || !Number.isFinite(endsAt)) return ms === undefined;
        return ms === endsAt - (date ?? now) && !Number.isNaN(ms);
      }),
      manyRuns,
    );
  });
});

describe('a reply as a provider may read it', () => {
  test('F04 F21 S04 is judged whole: tokens in range, or our error and the rotated token kept', () => {
    const token = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('at-4711', 'rt-4712') },
      fc.anything({ maxDepth: 1, maxKeys: 2 }),
    );
    const lifetime = fc.oneof(fc.double(), fc.constantFrom(undefined, 0, -1, 3_600_000));
    const issued = fc.record(
      {
        accessToken: token,
        tokenType: fc.anything({ maxDepth: 0 }),
        lifetimeMs: lifetime,
        refreshToken: token,
        refreshLifetimeMs: lifetime,
        scope: fc.anything({ maxDepth: 0 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(issued, bounds, (reply, { shortestMs, ...limits }) => {
        const judged = judgeIssuedTokens(reply as IssuedTokens, limits, shortestMs);
        const whole = typeof reply.accessToken === 'string' && isToken(reply.accessToken);
        const rotated = typeof reply.refreshToken === 'string' && isToken(reply.refreshToken);
        const refresh = judged.usable ? judged.tokens.refresh : judged.refresh;
        if ((refresh !== undefined) !== rotated) return false;
        if (refresh?.lifetimeMs !== undefined && !isLifetime(refresh.lifetimeMs)) return false;
        if (!judged.usable) return TokenError.is(judged.error, 'PROVIDER_PROTOCOL');
        const { lifetime, tokenType, accessToken } = judged.tokens;
        return (
          whole &&
          accessToken.reveal() === reply.accessToken &&
          /^[\x21-\x7e]{1,64}$/.test(tokenType) &&
          isLifetime(lifetime.ms)
        );
      }),
      manyRuns,
    );
  });
});

const reply = {
  status: 200,
  ok: true,
  header: () => undefined,
  retryAfterMs: undefined,
  json: () => ({}),
  jsonIfAny: () => undefined,
  text: () => '',
};

let wallClock = 0;
const call = new EngineCall({
  exchange: { send: () => Promise.reject(new Error('nothing is sent here')) },
  target: {},
  signal: new AbortController().signal,
  allowInsecureLoopback: false,
  connectTimeoutMs: 1,
  timeoutMs: 1,
  maxBodyBytes: 1,
  wallClock: () => wallClock,
  beforeConnect: async () => {},
  admit: async () => {},
  onOutcome: () => {},
});

function isToken(text: string): boolean {
  return text.length > 0 && [...text].every((character) => character > ' ' && character <= '~');
}

function isLifetime(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= LONGEST_LIFETIME_MS;
}
