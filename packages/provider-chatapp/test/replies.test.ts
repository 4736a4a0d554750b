import { describe, expect, test } from '@jest/globals';
import { refusalOf, Secret } from '@tokenkeep/core';
import { apiReply } from '../../../test/providers/api-reply.js';
import { caught, refusalKind } from '../../../test/providers/caught.js';
import { endpoint, type ScriptedReply } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';
import { chatApp } from '../src/index.js';

const credentials = { email: 'a@example.com', password: new Secret('pw'), appId: 'app_1_1' };
const DAY_S = 86_400;
const DAY_MS = DAY_S * 1000;

async function make(reply: ScriptedReply, wallClock?: () => number) {
  await using server = await endpoint(reply);
  return await chatApp({ baseUrl: server.url }).obtain(credentials, testCall({ wallClock }));
}

async function refresh(reply: ScriptedReply) {
  await using server = await endpoint(reply);
  return await chatApp({ baseUrl: server.url }).refresh?.(
    new Secret('r1'),
    testCall(),
    credentials,
  );
}

async function check(reply: ScriptedReply) {
  await using server = await endpoint(reply);
  return await chatApp({ baseUrl: server.url }).inspect?.(new Secret('a1'), testCall());
}

function refusal(code: string, message = 'No') {
  return { success: false, error: { code, message } };
}

function pairEnding(accessTokenEndTime: unknown, refreshTokenEndTime: unknown = undefined) {
  const data = { accessToken: 'a2', refreshToken: 'r2', accessTokenEndTime, refreshTokenEndTime };
  return { success: true, data: { cabinetUserId: 14545, ...data } };
}

describe('the pair', () => {
  test('both tokens, both ends and the cabinet id come out of one reply', async () => {
    const date = new Date(1_625_828_802_000).toUTCString();
    const reply = { headers: { date }, body: pairEnding(1_625_915_202, 1_627_038_402) };
    const expected = {
      accessToken: 'a2',
      lifetimeMs: DAY_MS,
      refreshToken: 'r2',
      refreshLifetimeMs: 14 * DAY_MS,
      metadata: { cabinetUserId: '14545' },
    };
    expect(await make(reply)).toEqual(expected);
    expect(await refresh(reply)).toEqual(expected);
  });

  test.each([-10, -1, 0, 1, 10])(
    'the end of life is relative to a server clock %i days off',
    async (days) => {
      const serverNow = Math.floor(Date.now() / 1000) * 1000 + days * DAY_MS;
      const headers = { date: new Date(serverNow).toUTCString() };
      const issued = await make({ headers, body: pairEnding(serverNow / 1000 + DAY_S) });
      expect(issued.lifetimeMs).toBe(DAY_MS);
    },
  );

  test('without a Date header the end is relative to our clock', async () => {
    const now = 1_625_828_802_000;
    const reply = { headers: { date: '' }, body: pairEnding(now / 1000 + 60) };
    expect((await make(reply, () => now)).lifetimeMs).toBe(60_000);
  });

  test.each([
    [1_625_915_202, DAY_MS],
    ['1625915202', DAY_MS],
    ['1625915202.5', undefined],
    ['soon', undefined],
    [null, undefined],
    [undefined, undefined],
    [true, undefined],
    [{}, undefined],
  ])('an end time of %j reads as %j ms of life', async (endTime, expected) => {
    const headers = { date: new Date(1_625_828_802_000).toUTCString() };
    expect((await make({ headers, body: pairEnding(endTime) })).lifetimeMs).toBe(expected);
  });

  test('success without tokens is handed on as found, for the engine to judge', async () => {
    expect(await make({ body: { success: true } })).toMatchObject({ accessToken: undefined });
    const half = { success: true, data: { refreshToken: 'r2' } };
    expect(await refresh({ body: half })).toMatchObject({ refreshToken: 'r2' });
  });

  test.each(['<html>Sign in</html>', '', '[]', 'null'])(
    'a 200 with the body %j is no reply, and not a refusal either',
    async (body) => {
      const error = await caught(make({ body }));
      expect(error).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'not_json' });
    },
  );
});

describe('refusals', () => {
  test.each([200, 401, 403, 500])(
    'ApiInvalidTokenError on refresh with HTTP %i: the refresh token is dead',
    async (status) => {
      const reply = { status, body: refusal('ApiInvalidTokenError', 'Invalid Token') };
      const error = await caught(refresh(reply));
      expect(error).toMatchObject({
        code: 'REAUTHORIZATION_REQUIRED',
        reason: 'grant_rejected',
        status,
        providerCode: 'ApiInvalidTokenError',
        providerMessage: 'Invalid Token',
      });
    },
  );

  test.each<[string, ScriptedReply, string]>([
    ['429 without words', { status: 429, body: '' }, 'quota_exceeded'],
    ['429 in words', { status: 429, body: refusal('TooMany') }, 'quota_exceeded'],
    ['a limit at 403', { status: 403, body: refusal('ApiTokensLIMITError') }, 'quota_exceeded'],
    ['a limit at 200', { status: 200, body: refusal('ApiTokenLimitReached') }, 'quota_exceeded'],
    [
      'a wrong password',
      { status: 401, body: refusal('ApiWrongPassword') },
      'credentials_rejected',
    ],
    ['any 4xx in words', { status: 400, body: refusal('ApiAnything') }, 'credentials_rejected'],
    ['200 with unknown words', { status: 200, body: refusal('ApiAnything') }, 'ambiguous'],
    ['401 without words', { status: 401, body: '' }, 'ambiguous'],
    ['403 with a page', { status: 403, body: '<html></html>' }, 'ambiguous'],
    ['401 that does not refuse', { status: 401, body: { error: 123 } }, 'ambiguous'],
    ['500 in words', { status: 500, body: refusal('ApiInternalError') }, 'unavailable'],
    ['503 without words', { status: 503, body: '' }, 'unavailable'],
  ])('tokens.make: %s', async (_name, reply, kind) => {
    expect(await refusalKind(make(reply))).toBe(kind);
  });

  test.each<[string, ScriptedReply, string]>([
    ['500', { status: 500, body: '' }, 'unavailable'],
    ['a page', { status: 403, body: '<html></html>' }, 'ambiguous'],
    ['an empty 401', { status: 401, body: '' }, 'ambiguous'],
    ['unknown words at 401', { status: 401, body: refusal('ApiAnything') }, 'ambiguous'],
    ['unknown words at 200', { status: 200, body: refusal('ApiAnything') }, 'ambiguous'],
    ['429', { status: 429, body: '' }, 'throttled'],
    ['a limit', { status: 403, body: refusal('ApiLimitError') }, 'throttled'],
  ])('tokens.refresh: %s does not end the refresh token', async (_name, reply, kind) => {
    expect(await refusalKind(refresh(reply))).toBe(kind);
  });

  test('a refusal keeps the time the server asked to wait', async () => {
    const error = await caught(make({ status: 429, headers: { 'retry-after': '7' }, body: '' }));
    expect(error).toMatchObject({ code: 'PROVIDER_THROTTLED', retryable: true });
    expect(refusalOf(error)?.retryAfterMs).toBe(7000);
  });
});

describe('tokens.check', () => {
  test('success means alive, for as long as the reply says, if it does', async () => {
    expect(await check({ body: pairEnding(undefined) })).toEqual({ active: true });
    const headers = { date: new Date(1_625_828_802_000).toUTCString() };
    const timed = await check({ headers, body: pairEnding(1_625_828_862) });
    expect(timed).toEqual({ active: true, lifetimeMs: 60_000 });
  });

  test.each([200, 401, 403])('ApiInvalidTokenError with HTTP %i means dead', async (status) => {
    const inspection = await check({ status, body: refusal('ApiInvalidTokenError') });
    expect(inspection).toEqual({ active: false });
  });

  test('any other refusal says nothing about the token', async () => {
    const other = { status: 403, body: refusal('ApiAccessDenied') };
    expect(await refusalKind(check(other))).toBe('ambiguous');
  });
});

describe('a reply of the API', () => {
  const { isTokenRejection } = chatApp();

  test.each([200, 401, 403])(
    'ApiInvalidTokenError with HTTP %i rejects the token',
    async (status) => {
      expect(await isTokenRejection(apiReply(status, refusal('ApiInvalidTokenError')))).toBe(true);
    },
  );

  test.each([
    [403, refusal('ApiAccessDenied')],
    [401, refusal('ApiAccessDenied')],
    [401, undefined],
    [403, undefined],
    [401, null],
    [200, { success: true, error: { code: 'ApiInvalidTokenError' } }],
    [200, { success: false, error: 'ApiInvalidTokenError' }],
    [200, []],
  ])('HTTP %i with %j does not', async (status, body) => {
    expect(await isTokenRejection(apiReply(status, body))).toBe(false);
  });
});
