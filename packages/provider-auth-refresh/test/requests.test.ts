import { describe, expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { accessToken } from '../../../test/providers/api-reply.js';
import { endpoint } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';
import { type AuthRefreshOptions, authRefresh, teletracker } from '../src/index.js';

const credentials = { username: 'fleet', password: new Secret('p"w') };
const granted = { success: true, token: 'a', refreshToken: 'r' };

type Provider = ReturnType<typeof authRefresh>;
type Send = (provider: Provider) => Promise<unknown> | undefined;

async function teletrackerRequest(send: Send) {
  await using server = await endpoint({ body: granted });
  await send(teletracker({ baseUrl: server.url }));
  expect(server.requests).toHaveLength(1);
  return server.requests[0];
}

async function requestOf(options: Partial<AuthRefreshOptions>, send: Send) {
  await using server = await endpoint({ body: granted });
  await send(authRefresh({ id: 'generic', ...options, baseUrl: server.url }));
  expect(server.requests).toHaveLength(1);
  return server.requests[0];
}

const login: Send = (provider) => provider.obtain(credentials, testCall());
const refreshing =
  (token: string): Send =>
  (provider) =>
    provider.refresh?.(new Secret(token), testCall(), credentials);

describe('the requests of TeleTracker, byte by byte', () => {
  test('a login posts user name and password as JSON', async () => {
    const request = await teletrackerRequest(login);
    expect(request).toMatchObject({
      method: 'POST',
      url: '/auth/login',
      body: '{"username":"fleet","password":"p\\"w"}',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
    expect(request?.headers).not.toHaveProperty('authorization');
  });

  test('a login into one of several accounts names it as account_id', async () => {
    const request = await teletrackerRequest((provider) =>
      provider.obtain({ ...credentials, accountId: 123 }, testCall()),
    );
    expect(request?.body).toBe('{"username":"fleet","password":"p\\"w","account_id":123}');
  });

  test('a refresh posts the refresh token alone, in snake_case', async () => {
    const request = await teletrackerRequest(refreshing('r1'));
    expect(request).toMatchObject({
      method: 'POST',
      url: '/auth/refresh',
      body: '{"refresh_token":"r1"}',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
    expect(request?.headers).not.toHaveProperty('authorization');
  });

  test('an API call carries Authorization: Bearer', () => {
    const headers = new Headers();
    teletracker().authorize(headers, accessToken('token'));
    expect(headers.get('authorization')).toBe('Bearer token');
  });
});

describe('the requests of another API, by its options', () => {
  test('methods, paths and field names', async () => {
    const fields = { username: 'user', password: 'pass', accountId: 'tenant' };
    const options: Partial<AuthRefreshOptions> = {
      login: { method: 'PUT', path: '/v2/session', fields },
      refresh: { path: '/v2/session/renew', token: { in: 'json', field: 'refreshToken' } },
    };
    expect(
      await requestOf(options, (provider) =>
        provider.obtain({ ...credentials, accountId: 'x' }, testCall()),
      ),
    ).toMatchObject({
      method: 'PUT',
      url: '/v2/session',
      body: '{"user":"fleet","pass":"p\\"w","tenant":"x"}',
    });
    expect(await requestOf(options, refreshing('r1'))).toMatchObject({
      method: 'POST',
      url: '/v2/session/renew',
      body: '{"refreshToken":"r1"}',
    });
  });

  test('a refresh token in a header leaves the body empty', async () => {
    const token = { in: 'header', name: 'X-Refresh-Token' } as const;
    expect(await requestOf({ refresh: { token } }, refreshing('r1'))).toMatchObject({
      body: '',
      headers: { 'x-refresh-token': 'r1', 'content-length': '0' },
    });
  });

  test('a refresh token in a cookie cannot end the cookie or add another', async () => {
    const token = { in: 'cookie', name: 'refresh' } as const;
    expect(await requestOf({ refresh: { token } }, refreshing('r1=='))).toMatchObject({
      body: '',
      headers: { cookie: 'refresh=r1==' },
    });
    const hostile = await requestOf({ refresh: { token } }, refreshing('r1;admin=1,"x"\\'));
    expect(hostile?.headers.cookie).toBe('refresh=r1%3Badmin=1%2C%22x%22%5C');
  });

  test.each([
    ['bare', 'token'],
    ['Token', 'Token token'],
  ])('scheme %s', (scheme, expected) => {
    const headers = new Headers();
    const provider = authRefresh({ id: 'generic', baseUrl: 'https://api.example.com', scheme });
    provider.authorize(headers, accessToken('token'));
    expect(headers.get('authorization')).toBe(expected);
  });
});
