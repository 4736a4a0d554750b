import { describe, expect, test } from '@jest/globals';
import { createTokenEngine, Secret } from '@tokenkeep/core';
import { oauth2 } from '@tokenkeep/provider-oauth2';
import { caught } from '../../../test/providers/caught.js';
import { endpoint, type ScriptedReply } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';

const granted = { body: { access_token: 'at', token_type: 'Bearer', expires_in: 60 } };

/** As an engine sends it: redirects, http and redirected metadata are judged there. */
function engineAt(issuer: string) {
  return createTokenEngine({
    providers: [oauth2({ id: 'idp', issuer, clientId: 'us', clientSecret: 'secret' })],
    accounts: [{ provider: 'idp', account: 'crm', credentials: {} }],
    allowInsecureLoopback: true,
    parameters: { gapMs: 1, backoffBaseMs: 1 },
  });
}

describe('discovery', () => {
  const discovered = (url: string) =>
    oauth2({ id: 'idp', issuer: url, clientId: 'us', clientSecret: 'secret' });

  test('looks at the older of the two places where the newer one is empty', async () => {
    await using target = await endpoint(granted);
    const token_endpoint = `${target.url}/token`;
    await using server = await endpoint({ status: 404 }, (url) => ({
      body: { issuer: url, token_endpoint },
    }));
    await discovered(server.url).obtain({ grant: 'client_credentials' }, testCall());
    expect(server.requests.map(({ method, url }) => [method, url])).toEqual([
      ['GET', '/.well-known/oauth-authorization-server'],
      ['GET', '/.well-known/openid-configuration'],
    ]);
    expect(target.requests).toHaveLength(1);
  });

  const empty: [string, ScriptedReply][] = [
    ['400', { status: 400 }],
    ['401', { status: 401 }],
    ['403', { status: 403 }],
    ['a redirect', { status: 302, headers: { location: '/login' } }],
    ['a page for people', { headers: { 'content-type': 'text/html' }, body: '<html>' }],
  ];
  for (const [name, reply] of empty) {
    test(`and where that one answers with ${name}`, async () => {
      await using server = await endpoint(
        reply,
        (url) => ({ body: { issuer: url, token_endpoint: `${url}/token` } }),
        granted,
      );
      await using engine = await engineAt(server.url);
      expect((await engine.getToken('crm')).reveal()).toBe('at');
      expect(server.requests.map(({ url }) => url)).toEqual([
        '/.well-known/oauth-authorization-server',
        '/.well-known/openid-configuration',
        '/token',
      ]);
    });
  }

  test('asks a server that fails once, and not at the other place', async () => {
    await using server = await endpoint({ status: 503 });
    const error = await caught(
      discovered(server.url).obtain({ grant: 'client_credentials' }, testCall()),
    );
    expect(error).toMatchObject({ reason: 'discovery', status: 503, retryable: true });
    expect(server.requests).toHaveLength(1);
  });

  const useless: [string, (url: string) => unknown][] = [
    ['without a token endpoint', () => undefined],
    ['with a token endpoint that is no URL', () => 'nonsense'],
    ['with a token endpoint that is no text', () => 5],
    ['with a token endpoint tokens are never sent to', () => 'http://id.example.com/token'],
  ];
  for (const [name, tokenEndpoint] of useless) {
    test(`does not keep metadata ${name}`, async () => {
      const metadata = (url: string) => ({
        body: { issuer: url, token_endpoint: tokenEndpoint(url) },
      });
      let isMended = false;
      await using server = await endpoint(
        ...Array.from({ length: 9 }, () => (url: string): ScriptedReply => {
          if (!isMended) return metadata(url);
          return { body: { issuer: url, token_endpoint: `${url}/token`, ...granted.body } };
        }),
      );
      await using engine = await engineAt(server.url);
      await caught(engine.getToken('crm', { waitMs: 200 }));
      isMended = true;
      expect((await engine.getToken('crm')).reveal()).toBe('at');
    });
  }

  test('takes no endpoint that is no URL, and the others all the same', async () => {
    await using server = await endpoint(
      (url) => ({
        body: {
          issuer: url,
          token_endpoint: `${url}/token`,
          revocation_endpoint: 'nonsense',
          authorization_endpoint: 5,
        },
      }),
      granted,
    );
    const provider = discovered(server.url);
    await provider.obtain({ grant: 'client_credentials' }, testCall());
    const error = await caught(
      Promise.resolve(provider.revoke?.({ accessToken: new Secret('at') }, testCall())),
    );
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'no_endpoint' });
  });

  test('believes no metadata of another issuer', async () => {
    await using target = await endpoint(granted);
    const token_endpoint = `${target.url}/token`;
    await using server = await endpoint({
      body: { issuer: 'https://evil.example.com', token_endpoint },
    });
    const error = await caught(
      discovered(server.url).obtain({ grant: 'client_credentials' }, testCall()),
    );
    expect(error).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'protocol' });
    expect(target.requests).toEqual([]);
  });

  test('is done anew where the token endpoint has gone', async () => {
    await using server = await endpoint(
      (url) => ({ body: { issuer: url, token_endpoint: `${url}/old` } }),
      { status: 404, body: 'gone' },
      (url) => ({ body: { issuer: url, token_endpoint: `${url}/new` } }),
      granted,
    );
    const provider = discovered(server.url);
    await caught(provider.obtain({ grant: 'client_credentials' }, testCall()));
    await provider.obtain({ grant: 'client_credentials' }, testCall());
    expect(server.requests.map(({ url }) => url?.split('/').at(-1))).toEqual([
      'oauth-authorization-server',
      'old',
      'oauth-authorization-server',
      'new',
    ]);
  });
});
