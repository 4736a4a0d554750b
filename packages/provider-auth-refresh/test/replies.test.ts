import { describe, expect, test } from '@jest/globals';
import { refusalOf, Secret } from '@tokenkeep/core';
import { apiReply } from '../../../test/providers/api-reply.js';
import { caught, refusalKind } from '../../../test/providers/caught.js';
import { endpoint, type ScriptedReply } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';
import { type AuthRefreshOptions, authRefresh, teletracker } from '../src/index.js';

const credentials = { username: 'fleet', password: new Secret('pw') };
const DAY_MS = 86_400_000;
const serverNow = Date.parse('2018-04-02T20:39:12Z');
const headers = { date: new Date(serverNow).toUTCString() };

const documented = {
  success: true,
  guid: '00000000-0000-4000-8000-000000000000',
  token: 'a2',
  tokenExpiration: '2018-04-02T21:39:12+00:00',
  tokenLifetime: 3600,
  refreshToken: 'r2',
  refreshTokenExpiration: '2018-05-01T20:39:12+00:00',
  permissions: ['device:read'],
};

async function login(reply: ScriptedReply) {
  await using server = await endpoint(reply);
  return await teletracker({ baseUrl: server.url }).obtain(credentials, testCall());
}

async function refresh(reply: ScriptedReply) {
  await using server = await endpoint(reply);
  const provider = teletracker({ baseUrl: server.url });
  return await provider.refresh?.(new Secret('r1'), testCall(), credentials);
}

async function generic(options: Partial<AuthRefreshOptions>, reply: ScriptedReply) {
  await using server = await endpoint(reply);
  const provider = authRefresh({ id: 'generic', ...options, baseUrl: server.url });
  return await provider.obtain(credentials, testCall());
}

describe('the tokens of TeleTracker', () => {
  test('the documented reply, to a login and to a refresh', async () => {
    const expected = {
      accessToken: 'a2',
      lifetimeMs: 3_600_000,
      refreshToken: 'r2',
      refreshLifetimeMs: 29 * DAY_MS,
      metadata: { guid: documented.guid },
    };
    expect(await login({ headers, body: documented })).toEqual(expected);
    expect(await refresh({ headers, body: documented })).toEqual(expected);
  });

  test.each([-10, -1, 0, 1, 10])(
    'a server clock %i days off changes neither life: no storm of refreshes',
    async (days) => {
      const now = serverNow + days * DAY_MS;
      const end = new Date(now + 29 * DAY_MS).toISOString().replace('.000Z', '+00:00');
      // As unreliable as the vendor says it is.
      const tokenExpiration = '1999-01-01T00:00:00+00:00';
      const body = { ...documented, tokenExpiration, refreshTokenExpiration: end };
      const issued = await login({ headers: { date: new Date(now).toUTCString() }, body });
      expect(issued).toMatchObject({ lifetimeMs: 3_600_000, refreshLifetimeMs: 29 * DAY_MS });
    },
  );

  test('a reply without refresh token brings none, and the engine keeps the old one', async () => {
    const { refreshToken: _, ...others } = documented;
    expect(await refresh({ headers, body: others })).toMatchObject({ refreshToken: undefined });
  });

  test('a rotated refresh token is handed on even where the access token is missing', async () => {
    const { token: _, ...others } = documented;
    const issued = await refresh({ headers, body: others });
    expect(issued).toMatchObject({ accessToken: undefined, refreshToken: 'r2' });
  });

  test.each(['<html></html>', '', '[]'])('a 200 with the body %j is unreadable', async (body) => {
    expect(await caught(login({ body }))).toMatchObject({ code: 'PROVIDER_PROTOCOL' });
  });
});

describe('how lifetimes are written', () => {
  test.each<[string, unknown, number | undefined]>([
    ['seconds', 60, 60_000],
    ['seconds', '60', 60_000],
    ['seconds', '60.5', undefined],
    ['seconds', '2018-04-02T21:39:12Z', undefined],
    ['milliseconds', 60_000, 60_000],
    ['milliseconds', '60000', 60_000],
    ['unix-seconds', serverNow / 1000 + 60, 60_000],
    ['unix-seconds', String(serverNow / 1000 + 60), 60_000],
    ['unix-milliseconds', serverNow + 60_000, 60_000],
    ['unix-milliseconds', String(serverNow + 60_000), 60_000],
    ['unix-milliseconds', 'soon', undefined],
    ['datetime', '2018-04-02T20:40:12Z', 60_000],
    ['datetime', '2018-04-02T20:40:12+00:00', 60_000],
    ['datetime', '2018-04-02T20:40:12+0000', 60_000],
    ['datetime', '2018-04-02T22:40:12+02:00', 60_000],
    ['datetime', '2018-04-02T15:10:12-0530', 60_000],
    ['datetime', '2018-04-02T20:40:12.500Z', 60_500],
    ['datetime', '2018-04-02T20:40:12', undefined],
    ['datetime', '2018-04-02 20:40:12Z', undefined],
    ['datetime', '2018-04-02', undefined],
    ['datetime', '2018-13-02T20:40:12Z', undefined],
    ['datetime', '2018-W14-1T20:40:12Z', undefined],
    ['datetime', 'Mon, 02 Apr 2018 20:40:12 GMT', undefined],
    ['datetime', serverNow, undefined],
    ['datetime', null, undefined],
  ])('%s: %j', async (as, value, expected) => {
    const accessLifetime = { path: 'life', as } as { path: string; as: 'seconds' };
    const body = { token: 'a', life: value };
    const issued = await generic({ reply: { accessLifetime } }, { headers, body });
    expect(issued.lifetimeMs).toBe(expected);
  });
});

describe('where another API puts things', () => {
  test('nested members', async () => {
    const reply = {
      success: 'result.ok',
      accessToken: 'data.session.jwt',
      accessLifetime: { path: 'data.session.ttl', as: 'seconds' },
      refreshToken: { in: 'json', path: 'data.renewal' },
      metadata: { region: 'data.region', tenant: 'data.missing' },
    } as const;
    const session = { jwt: 'a', ttl: 60 };
    const body = { result: { ok: true }, data: { session, renewal: 'r', region: 7 } };
    expect(await generic({ reply }, { body })).toMatchObject({
      accessToken: 'a',
      lifetimeMs: 60_000,
      refreshToken: 'r',
      metadata: { region: '7' },
    });
    const refused = { status: 200, body: { result: { ok: false } } };
    expect(await refusalKind(generic({ reply }, refused))).toBe('ambiguous');
  });

  test('a refresh token that arrives in a header or as a cookie', async () => {
    const inHeader = { in: 'header', name: 'X-Refresh' } as const;
    const body = { token: 'a' };
    expect(
      await generic({ reply: { refreshToken: inHeader } }, { headers: { 'x-refresh': 'r' }, body }),
    ).toMatchObject({ refreshToken: 'r' });
    const inCookie = { in: 'cookie', name: 'refresh' } as const;
    const cookie = { 'set-cookie': 'refresh=r==; Path=/auth; HttpOnly; Secure' };
    expect(
      await generic({ reply: { refreshToken: inCookie } }, { headers: cookie, body }),
    ).toMatchObject({ refreshToken: 'r==' });
    const other = { 'set-cookie': 'other=x; refresh=forged' };
    expect(
      await generic({ reply: { refreshToken: inCookie } }, { headers: other, body }),
    ).toMatchObject({ refreshToken: undefined });
  });
});

const refused = { success: false, message: 'Invalid' };

describe('refusals of a refresh', () => {
  test.each<[string, ScriptedReply, string]>([
    ['401 in words', { status: 401, body: refused }, 'grant_rejected'],
    ['403 in words', { status: 403, body: refused }, 'grant_rejected'],
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }, 'grant_rejected'],
    ['400 in words', { status: 400, body: refused }, 'ambiguous'],
    ['200 in words', { status: 200, body: refused }, 'ambiguous'],
    ['401 without success', { status: 401, body: { message: 'Invalid' } }, 'ambiguous'],
    ['400 with a page', { status: 400, body: '<html></html>' }, 'ambiguous'],
    ['401 with a page', { status: 401, body: '<html></html>' }, 'ambiguous'],
    ['an empty 400', { status: 400, body: '' }, 'ambiguous'],
    ['an empty 401', { status: 401, body: '' }, 'ambiguous'],
    ['{"error":123} at 400', { status: 400, body: { error: 123 } }, 'ambiguous'],
    ['{"error":123} at 401', { status: 401, body: { error: 123 } }, 'ambiguous'],
    ['an unknown code', { status: 400, body: { error: 'gone_fishing' } }, 'ambiguous'],
    ['invalid_client', { status: 401, body: { error: 'invalid_client' } }, 'client_rejected'],
    ['slow_down', { status: 400, body: { error: 'slow_down' } }, 'throttled'],
    ['429 in words', { status: 429, body: refused }, 'throttled'],
    ['500 in words', { status: 500, body: refused }, 'unavailable'],
    ['503', { status: 503, body: '' }, 'unavailable'],
  ])('%s', async (_name, reply, kind) => {
    expect(await refusalKind(refresh(reply))).toBe(kind);
  });
});

describe('refusals of a login', () => {
  test.each<[string, ScriptedReply, string]>([
    ['401 in words', { status: 401, body: refused }, 'credentials_rejected'],
    ['403 in words', { status: 403, body: { message: 'No' } }, 'credentials_rejected'],
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }, 'credentials_rejected'],
    ['missing variables', { status: 400, body: refused }, 'client_rejected'],
    ['401 with a page', { status: 401, body: '<html></html>' }, 'ambiguous'],
    ['an empty 400', { status: 400, body: '' }, 'ambiguous'],
    ['{"error":123}', { status: 401, body: { error: 123 } }, 'ambiguous'],
    ['200 in words', { status: 200, body: refused }, 'ambiguous'],
    ['429', { status: 429, body: refused }, 'throttled'],
    ['500 in words', { status: 500, body: refused }, 'unavailable'],
  ])('%s', async (_name, reply, kind) => {
    expect(await refusalKind(login(reply))).toBe(kind);
  });

  test('the words of the server and its Retry-After are kept', async () => {
    const body = { success: false, error: { code: 'TOO_FAST', message: 'Slow down' } };
    const error = await caught(login({ status: 429, headers: { 'retry-after': '7' }, body }));
    expect(error).toMatchObject({ providerCode: 'TOO_FAST', providerMessage: 'Slow down' });
    expect(refusalOf(error)?.retryAfterMs).toBe(7000);
  });
});

describe('a reply of the API', () => {
  test.each([
    [200, false],
    [400, false],
    [401, true],
    [403, true],
    [404, false],
  ])('TeleTracker: HTTP %i rejects the token: %s', async (status, expected) => {
    expect(await teletracker().isTokenRejection(apiReply(status))).toBe(expected);
  });

  test('elsewhere 403 is a permission, unless an option says otherwise', async () => {
    const base = { id: 'generic', baseUrl: 'https://api.example.com' };
    expect(await authRefresh(base).isTokenRejection(apiReply(401))).toBe(true);
    expect(await authRefresh(base).isTokenRejection(apiReply(403))).toBe(false);
    const odd = authRefresh({ ...base, rejectionStatuses: [419] });
    expect(await odd.isTokenRejection(apiReply(419))).toBe(true);
    expect(await odd.isTokenRejection(apiReply(401))).toBe(false);
  });
});
