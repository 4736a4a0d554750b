import { describe, expect, test } from '@jest/globals';
import {
  type AccessToken,
  type ProviderCall,
  refusalOf,
  Secret,
  TokenError,
} from '@tokenkeep/core';
import { endpoint, type ScriptedReply } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';
import { httpProvider, type ProviderDeclaration } from '../src/index.js';

const NOW = 'Sun, 22 Nov 2026 10:00:00 GMT';
const nowMs = Date.parse(NOW);

const base: Omit<ProviderDeclaration, 'baseUrl'> = {
  id: 'acme',
  credentials: { user: { secret: false }, password: {}, code: { optional: true } },
  obtain: { url: '/login', form: { user: '{credentials.user}' } },
  refresh: { url: '/refresh', form: { refresh_token: '{refreshToken}' } },
};
const credentials = { user: 'ada', password: new Secret('pw') };

async function obtained(change: object, ...replies: ScriptedReply[]) {
  await using server = await endpoint(...replies);
  const provider = httpProvider({ ...base, ...change, baseUrl: server.url });
  const issued = await provider.obtain(credentials, testCall({ target: { tenant: 't1' } }));
  return { issued, requests: server.requests };
}

async function kindOf(
  operation: 'obtain' | 'refresh',
  change: object,
  reply: ScriptedReply,
): Promise<string | undefined> {
  await using server = await endpoint(reply);
  const provider = httpProvider({ ...base, ...change, baseUrl: server.url });
  const call = testCall();
  const run =
    operation === 'obtain'
      ? provider.obtain(credentials, call)
      : provider.refresh?.(new Secret('r'), call, credentials);
  const error = await Promise.resolve(run).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return refusalOf(error)?.kind;
}

describe('lifetimes', () => {
  const forms: readonly (readonly [as: string, value: unknown, ms: number | undefined])[] = [
    ['seconds', 3_599, 3_599_000],
    ['seconds', '3599', 3_599_000],
    ['seconds', '3599.5', undefined],
    ['milliseconds', 90_000, 90_000],
    ['milliseconds', '123456789012', 123_456_789_012],
    ['unix-seconds', nowMs / 1_000 + 60, 60_000],
    ['unix-milliseconds', nowMs + 61_000, 61_000],
    ['unix-milliseconds', String(nowMs + 61_000), 61_000],
    ['datetime', '2026-11-22T11:00:00Z', 3_600_000],
    ['datetime', '2026-11-22T12:00:00+01:00', 3_600_000],
    ['datetime', '2026-11-22T11:00:00+0000', 3_600_000],
    ['datetime', '2026-11-22T11:00:00', undefined],
    ['datetime', 'tomorrow', undefined],
    ['seconds', null, undefined],
    ['unix-seconds', 0, 0],
    ['unix-milliseconds', '0', 0],
  ];

  test.each(forms.map(([as, value, ms]) => ({ as, value, ms })))(
    '$as: $value are $ms ms',
    async ({ as, value, ms }) => {
      const reply = { lifetime: { at: 'life', as } };
      const body = { access_token: 'a', life: value };
      const { issued } = await obtained({ reply }, { body, headers: { date: NOW } });
      expect(issued.lifetimeMs).toBe(ms);
    },
  );

  test('an end is relative to the time the server states, where it is declared', async () => {
    const serverTime = { at: 'server_time', as: 'unix-seconds' };
    const reply = { lifetime: { at: 'ends', as: 'unix-seconds', serverTime } };
    const body = { access_token: 'a', ends: 5_060, server_time: 5_000 };
    const { issued } = await obtained({ reply }, { body, headers: { date: NOW } });
    expect(issued.lifetimeMs).toBe(60_000);
  });
});

describe('what is sent', () => {
  const ok = { body: { access_token: 'a' } };

  test('an absent value leaves its member out, at every depth', async () => {
    const json = {
      code: '{credentials.code}',
      in: { code: '{credentials.code}', user: '{credentials.user}' },
    };
    const { requests } = await obtained({ obtain: { url: '/l', json } }, ok);
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ in: { user: 'ada' } });
  });

  test('values in a path are encoded, and can lead to no other path', async () => {
    await using server = await endpoint(ok);
    const provider = httpProvider({
      ...base,
      baseUrl: server.url,
      obtain: { url: '/u/{credentials.user}/x', query: { q: '{credentials.user}' } },
    });
    await provider.obtain({ ...credentials, user: 'a/../b?c#d' }, testCall());
    expect(server.requests[0]?.url).toBe('/u/a%2F..%2Fb%3Fc%23d/x?q=a%2F..%2Fb%3Fc%23d');
    await expect(provider.obtain({ ...credentials, user: '..' }, testCall())).rejects.toMatchObject(
      { code: 'CONFIGURATION_INVALID' },
    );
    expect(server.requests).toHaveLength(1);
  });

  test('Basic is RFC 7617, and form-encoded where that is declared', async () => {
    const pair = { user: '{credentials.user}', password: 'a b:c' };
    const plain = { url: '/l', headers: { Authorization: { basic: pair } } };
    const encoded = {
      url: '/l',
      headers: { Authorization: { basic: { ...pair, formEncoded: true } } },
    };
    const sent = await Promise.all([plain, encoded].map((obtain) => obtained({ obtain }, ok)));
    expect(
      sent.map(({ requests }) => atob(requests[0]?.headers.authorization?.slice(6) ?? '')),
    ).toEqual(['ada:a b:c', 'ada:a+b%3Ac']);
  });

  test('a first step brings what the request needs, and both count as one operation', async () => {
    const first = {
      url: '/session',
      json: { u: '{credentials.user}' },
      take: { session: 'data.id' },
    };
    const obtain = { url: '/token', headers: { 'X-Session': '{first.session}' }, first };
    const { requests } = await obtained({ obtain }, { body: { data: { id: 's-1' } } }, ok);
    expect(requests.map(({ url }) => url)).toEqual(['/session', '/token']);
    expect(requests[1]?.headers['x-session']).toBe('s-1');
  });

  test('a first step that brings nothing ends the operation', async () => {
    const first = { url: '/session', take: { session: 'data.id' } };
    const obtain = { url: '/token', headers: { 'X-Session': '{first.session}' }, first };
    await expect(obtained({ obtain }, { body: {} })).rejects.toMatchObject({ reason: 'ambiguous' });
  });

  test('a revocation is not sent where its token is absent', async () => {
    await using server = await endpoint();
    const revoke = { url: '/r', form: { token: '{refreshToken}' } };
    const provider = httpProvider({ ...base, baseUrl: server.url, revoke });
    await provider.revoke?.({ accessToken: new Secret('a') }, testCall());
    expect(server.requests).toEqual([]);
  });

  test('a revocation is sent whatever its credentials are called', async () => {
    await using server = await endpoint({ body: {} });
    const provider = httpProvider({
      ...base,
      baseUrl: server.url,
      credentials: { adminToken: {} },
      obtain: undefined,
      revoke: {
        url: '/r',
        headers: { 'X-Admin': '{credentials.adminToken}' },
        form: { token: '{accessToken}' },
      },
    });
    const given = { adminToken: new Secret('adm') };
    await provider.revoke?.({ accessToken: new Secret('a') }, testCall(), given);
    expect(server.requests).toHaveLength(1);
  });

  test('a refresh that needs credentials says why there are none', async () => {
    const client = { client_secret: '{credentials.password}' };
    const provider = httpProvider({
      ...base,
      baseUrl: 'https://id.acme.example',
      refresh: { url: '/refresh', form: { refresh_token: '{refreshToken}', ...client } },
    });
    const credentialsError = new TokenError('PROVIDER_UNAVAILABLE', 'The vault is sealed.');
    const refresh = (call: ProviderCall) =>
      provider.refresh?.(new Secret('r'), call, undefined) ?? Promise.resolve();
    await expect(refresh({ ...testCall(), credentialsError })).rejects.toBe(credentialsError);
    await expect(refresh(testCall())).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });

  test('text that is broken is refused in words, in whatever place, and not quoted', async () => {
    const broken = { ...credentials, user: 'broken-\ud800-text' };
    const user = '{credentials.user}';
    for (const asked of [
      { url: `/u/${user}` },
      { url: '/u', query: { user } },
      { url: '/u', form: { user } },
      { url: '/u', json: { user } },
    ]) {
      const provider = httpProvider({ ...base, baseUrl: 'https://a.example', obtain: asked });
      const error: unknown = await provider.obtain(broken, testCall()).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'declared_request' });
      expect(String(error)).toContain('credentials.user is broken text');
      expect(String(error)).not.toContain('broken-');
    }
  });

  test('a revocation and an inspection carry credentials where they are declared to', async () => {
    await using server = await endpoint({ body: {} }, { body: { active: true } });
    const client = { basic: { user: '{credentials.user}', password: '{credentials.password}' } };
    const asked = { headers: { Authorization: client }, form: { token: '{accessToken}' } };
    const provider = httpProvider({
      ...base,
      baseUrl: server.url,
      revoke: { url: '/revoke', ...asked },
      inspect: { url: '/inspect', ...asked },
    });
    await provider.revoke?.({ accessToken: new Secret('a') }, testCall(), credentials);
    await provider.inspect?.(new Secret('a'), testCall(), credentials);
    expect(server.requests.map(({ url }) => url)).toEqual(['/revoke', '/inspect']);
    for (const { headers } of server.requests) expect(headers.authorization).toMatch(/^Basic \S+$/);
  });

  test('it says that it cannot log in where no login is declared, or what that needs is missing', () => {
    const login = { ...base.obtain, url: '/login' };
    const canObtain = (obtain: ProviderDeclaration['obtain'], given: object = credentials) =>
      httpProvider({ ...base, baseUrl: 'https://id.acme.example', obtain }).canObtain?.({
        ...given,
      });
    expect(canObtain(undefined)).toBe(false);
    expect(canObtain({ ...login, needs: ['code'] })).toBe(false);
    expect(canObtain({ ...login, needs: ['code'] }, { ...credentials, code: 'c' })).toBe(true);
    expect(canObtain(login)).toBe(true);
  });
});

describe('what a refusal means', () => {
  test.each([
    ['obtain', 400, { error: 'invalid_grant' }, 'credentials_rejected'],
    ['refresh', 400, { error: 'invalid_grant' }, 'grant_rejected'],
    ['refresh', 200, { error: 'invalid_grant' }, 'grant_rejected'],
    ['refresh', 401, { error: 'invalid_client' }, 'client_rejected'],
    ['refresh', 401, {}, 'ambiguous'],
    ['refresh', 500, { error: 'invalid_grant' }, 'unavailable'],
    ['refresh', 429, { error: 'invalid_grant' }, 'throttled'],
    ['refresh', 403, '<html>blocked</html>', 'ambiguous'],
  ] as const)('%s, HTTP %s, %j: %s', async (operation, status, body, kind) => {
    expect(await kindOf(operation, {}, { status, body })).toBe(kind);
  });

  test.each([0, false, null, ''])('a success with "error": %j is a success', async (error) => {
    const body = { access_token: 'a', refresh_token: 'r2', error };
    const { issued } = await obtained({}, { body });
    expect(issued.refreshToken).toBe('r2');
  });

  test('words come before a rule of a status alone, whatever their order', async () => {
    const refusals = [
      { status: [400], kind: 'throttled' },
      { at: 'code', is: [17], kind: 'grant_rejected' },
    ];
    expect(await kindOf('refresh', { refusals }, { status: 400, body: { code: 17 } })).toBe(
      'grant_rejected',
    );
    expect(await kindOf('refresh', { refusals }, { status: 400, body: { code: 18 } })).toBe(
      'throttled',
    );
  });

  test('a rule is for the operations it names, and may look at a header', async () => {
    const refusals = [
      { on: ['obtain'], header: 'x-why', startsWith: ['quota'], kind: 'quota_exceeded' },
    ];
    const reply = { status: 403, headers: { 'x-why': 'quota: day' } };
    expect(await kindOf('obtain', { refusals }, reply)).toBe('quota_exceeded');
    expect(await kindOf('refresh', { refusals }, reply)).toBe('ambiguous');
  });
});

test('the token goes on requests as declared', () => {
  const authorized = (token: ProviderDeclaration['token']) => {
    const headers = new Headers();
    const provider = httpProvider({ ...base, baseUrl: 'https://a.example', token });
    provider.authorize(headers, { reveal: () => 't-1', secret: new Secret('t-1') } as AccessToken);
    return [...headers];
  };
  expect(authorized(undefined)).toEqual([['authorization', 'Bearer t-1']]);
  expect(authorized({ header: 'X-Key', scheme: 'none' })).toEqual([['x-key', 't-1']]);
});
