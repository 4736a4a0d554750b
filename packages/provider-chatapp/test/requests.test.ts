import { describe, expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { accessToken } from '../../../test/providers/api-reply.js';
import { endpoint } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';
import { type ChatAppOptions, chatApp } from '../src/index.js';

const credentials = {
  email: 'crm@example.com',
  password: new Secret('pass"word'),
  appId: 'app_123_1',
};
const pair = { success: true, data: { accessToken: 'a', refreshToken: 'r' } };

async function requestOf(
  options: ChatAppOptions,
  send: (provider: ReturnType<typeof chatApp>) => Promise<unknown> | undefined,
) {
  await using server = await endpoint({ body: pair });
  await send(chatApp({ ...options, baseUrl: server.url }));
  expect(server.requests).toHaveLength(1);
  return server.requests[0];
}

describe('the requests of ChatApp, byte by byte', () => {
  test('tokens.make posts e-mail, password and app id as JSON, without Authorization', async () => {
    const request = await requestOf({}, (provider) => provider.obtain(credentials, testCall()));
    expect(request).toMatchObject({
      method: 'POST',
      url: '/v1/tokens',
      body: '{"email":"crm@example.com","password":"pass\\"word","appId":"app_123_1"}',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
    expect(request?.headers).not.toHaveProperty('authorization');
    expect(request?.headers).not.toHaveProperty('lang');
  });

  test('tokens.refresh sends the refresh token, and only that, in the header Refresh', async () => {
    const request = await requestOf({}, (provider) =>
      provider.refresh?.(new Secret('$2y$10$re./fresh'), testCall(), credentials),
    );
    expect(request).toMatchObject({
      method: 'POST',
      url: '/v1/tokens/refresh',
      body: '',
      headers: { refresh: '$2y$10$re./fresh', 'content-length': '0' },
    });
    expect(request?.headers).not.toHaveProperty('authorization');
    expect(request?.headers).not.toHaveProperty('content-type');
  });

  test('tokens.check sends the bare access token', async () => {
    const request = await requestOf({}, (provider) =>
      provider.inspect?.(new Secret('$2y$10$ac./cess'), testCall()),
    );
    expect(request).toMatchObject({
      method: 'GET',
      url: '/v1/tokens/check',
      headers: { authorization: '$2y$10$ac./cess' },
    });
  });

  test('Lang is sent where it was asked for', async () => {
    const request = await requestOf({ lang: 'ru' }, (provider) =>
      provider.obtain(credentials, testCall()),
    );
    expect(request?.headers).toHaveProperty('lang', 'ru');
  });

  test('a slash at the end of the base URL changes nothing', async () => {
    await using server = await endpoint({ body: pair });
    await chatApp({ baseUrl: `${server.url}/` }).obtain(credentials, testCall());
    expect(server.requests[0]?.url).toBe('/v1/tokens');
  });

  test.each([
    [{}, 'token'],
    [{ scheme: 'Bearer' } as const, 'Bearer token'],
  ])('an API call under %j carries Authorization: %s', (options, expected) => {
    const headers = new Headers();
    chatApp(options).authorize(headers, accessToken('token'));
    expect(headers.get('authorization')).toBe(expected);
  });
});
