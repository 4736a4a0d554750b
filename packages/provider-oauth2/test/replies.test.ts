import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { oauth2 } from '@tokenkeep/provider-oauth2';
import { apiReply } from '../../../test/providers/api-reply.js';
import { caught, refusalKind } from '../../../test/providers/caught.js';
import { endpoint, type ScriptedReply } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';

const dpopKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
const json = { 'content-type': 'application/json' };

function providerAt(url: string, options: object = {}) {
  return oauth2({
    id: 'idp',
    issuer: 'https://id.example.com',
    tokenEndpoint: `${url}/token`,
    revocationEndpoint: `${url}/revoke`,
    introspectionEndpoint: `${url}/introspect`,
    clientId: 'us',
    clientSecret: 'a secret of the client',
    passwordLogin: true,
    ...options,
  });
}

const operations = {
  refresh: (url: string) => providerAt(url).refresh?.(new Secret('rt'), testCall(), undefined),
  client_credentials: (url: string) =>
    providerAt(url).obtain({ grant: 'client_credentials' }, testCall()),
  password: (url: string) =>
    providerAt(url).obtain(
      { grant: 'password', username: 'ada', password: new Secret('pw') },
      testCall(),
    ),
  jwt_bearer: (url: string) =>
    providerAt(url).obtain({ grant: 'jwt_bearer', assertion: new Secret('a.b.c') }, testCall()),
};

type Operation = keyof typeof operations;

describe('a refusal is of the kind', () => {
  const cases: [Operation, ScriptedReply, string][] = [
    ['refresh', error(400, 'invalid_grant'), 'grant_rejected'],
    ['refresh', error(401, 'invalid_grant'), 'grant_rejected'],
    ['refresh', error(200, 'invalid_grant'), 'grant_rejected'],
    ['client_credentials', error(400, 'invalid_grant'), 'client_rejected'],
    ['password', error(400, 'invalid_grant'), 'credentials_rejected'],
    ['jwt_bearer', error(400, 'invalid_grant'), 'credentials_rejected'],
    ['refresh', error(401, 'invalid_client'), 'client_rejected'],
    ['refresh', error(400, 'unauthorized_client'), 'client_rejected'],
    ['client_credentials', error(400, 'invalid_scope'), 'client_rejected'],
    ['client_credentials', error(400, 'invalid_target'), 'client_rejected'],
    ['refresh', error(400, 'invalid_dpop_proof'), 'client_rejected'],
    ['refresh', error(400, 'use_dpop_nonce'), 'client_rejected'],
    ['refresh', error(400, 'a_word_of_their_own'), 'ambiguous'],
    ['refresh', { status: 400, body: '<html>' }, 'ambiguous'],
    [
      'refresh',
      { status: 401, headers: { 'www-authenticate': 'Basic error="invalid_client"' } },
      'client_rejected',
    ],
    // RFC 6749 section 5.2: 401 is what a failed authentication of the client looks like.
    ['refresh', { status: 401, headers: { 'www-authenticate': 'Basic' } }, 'client_rejected'],
    ['refresh', { status: 401, body: '<html>' }, 'ambiguous'],
    ['refresh', error(401, 'Unauthorized'), 'ambiguous'],
    ['refresh', error(429, 'invalid_grant'), 'throttled'],
    ['refresh', error(400, 'slow_down'), 'throttled'],
    ['refresh', error(400, 'temporarily_unavailable'), 'throttled'],
    ['refresh', error(503, 'invalid_grant'), 'unavailable'],
    ['refresh', { status: 502, body: '<html>' }, 'unavailable'],
  ];
  for (const [operation, reply, kind] of cases) {
    const words = typeof reply.body === 'object' ? JSON.stringify(reply.body) : 'without words';
    test(`${kind}: ${reply.status} ${words} to ${operation}`, async () => {
      await using server = await endpoint(reply);
      expect(await refusalKind(Promise.resolve(operations[operation](server.url)))).toBe(kind);
      expect(server.requests).toHaveLength(1);
    });
  }
});

describe('a reply with tokens', () => {
  test('is handed on as it is: the engine judges it', async () => {
    await using server = await endpoint({
      headers: json,
      body: {
        access_token: 'at',
        token_type: 'DPoP',
        expires_in: '3599',
        refresh_token: 'rt2',
        refresh_expires_in: 7_200,
        scope: 'read',
        instance_url: 'https://eu.example.com',
        id_token: 'not.for.us',
      },
    });
    const provider = providerAt(server.url, { dpopKey, metadata: ['instance_url', 'missing'] });
    const issued = await provider.refresh?.(new Secret('rt'), testCall(), undefined);
    expect(issued).toEqual({
      accessToken: 'at',
      tokenType: 'DPoP',
      lifetimeMs: 3_599_000,
      refreshToken: 'rt2',
      refreshLifetimeMs: 7_200_000,
      scope: 'read',
      metadata: { instance_url: 'https://eu.example.com' },
    });
  });

  test('keeps the new refresh token, whatever else is wrong with it', async () => {
    await using server = await endpoint({
      headers: json,
      body: { access_token: null, expires_in: 'soon', scope: ['a'], refresh_token: 'rt2' },
    });
    const issued = await operations.refresh(server.url);
    expect(issued).toMatchObject({ accessToken: null, lifetimeMs: undefined, refreshToken: 'rt2' });
  });

  test.each([
    ['mac', {}],
    ['N_A', {}],
    ['DPoP', { dpopKey: undefined }],
  ])(
    'of type %s is of no use, but for its refresh token (RFC 6749 section 7.1)',
    async (type, options) => {
      await using server = await endpoint({
        headers: json,
        body: { access_token: 'at', token_type: type, expires_in: 60, refresh_token: 'rt2' },
      });
      const issued = await providerAt(server.url, options).refresh?.(
        new Secret('rt'),
        testCall(),
        undefined,
      );
      expect(issued).toMatchObject({ accessToken: undefined, refreshToken: 'rt2' });
    },
  );

  test('of another type, without a refresh token, is an error that says so', async () => {
    const body = { access_token: 'at', token_type: 'mac', expires_in: 60 };
    await using server = await endpoint({ headers: json, body });
    const error = await caught(operations.client_credentials(server.url));
    expect(error).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'protocol' });
    expect(error.message).toContain('token_type');
  });

  test.each(['bearer', 'BEARER', 'BearerToken', undefined, null])(
    'of type %s is a bearer token',
    async (type) => {
      await using server = await endpoint({
        headers: json,
        body: { access_token: 'at', token_type: type, expires_in: 60 },
      });
      const issued = await providerAt(server.url).refresh?.(
        new Secret('rt'),
        testCall(),
        undefined,
      );
      expect(issued?.accessToken).toBe('at');
    },
  );

  test('that is HTML is an error', async () => {
    await using server = await endpoint({ body: '<html>signed in</html>' });
    const error = await caught(Promise.resolve(operations.refresh(server.url)));
    expect(error).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'not_json' });
  });

  test('has no refresh token for who wants none', async () => {
    await using server = await endpoint({ body: { access_token: 'at', refresh_token: 'rt' } });
    const provider = providerAt(server.url, { refreshToken: 'none' });
    const issued = await provider.obtain({ grant: 'client_credentials' }, testCall());
    expect(provider.refresh).toBeUndefined();
    expect(issued).not.toHaveProperty('refreshToken');
  });
});

describe('revocation', () => {
  const tokens = { accessToken: new Secret('at'), refreshToken: new Secret('rt') };

  for (const code of ['invalid_token', 'invalid_grant']) {
    test(`is done where the server says ${code}`, async () => {
      await using server = await endpoint(error(400, code), error(400, code));
      await providerAt(server.url).revoke?.(tokens, testCall());
      expect(server.requests).toHaveLength(2);
    });
  }

  test('of a refresh token is enough where access tokens cannot be revoked', async () => {
    await using server = await endpoint({ body: '' }, error(400, 'unsupported_token_type'));
    await providerAt(server.url).revoke?.(tokens, testCall());
    expect(server.requests).toHaveLength(2);
  });

  const refusals: [string, ScriptedReply][] = [
    ['unsupported_token_type alone', error(400, 'unsupported_token_type')],
    ['invalid_client', error(401, 'invalid_client')],
    ['503', { status: 503 }],
  ];
  for (const [name, reply] of refusals) {
    test(`is not done: ${name}`, async () => {
      await using server = await endpoint(reply);
      const { accessToken } = tokens;
      const failed = await caught(
        Promise.resolve(providerAt(server.url).revoke?.({ accessToken }, testCall())),
      );
      expect(failed.code).toMatch(/^(PROVIDER_UNAVAILABLE|CONFIGURATION_CLIENT_REJECTED)$/);
    });
  }
});

describe('introspection', () => {
  test('of a reply that does not say whether it is active is an error', async () => {
    await using server = await endpoint({ headers: json, body: { exp: 1 } });
    const failed = await caught(
      Promise.resolve(providerAt(server.url).inspect?.(new Secret('at'), testCall())),
    );
    expect(failed).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'protocol' });
  });
});

describe('the API says that the token is refused', () => {
  const cases: [string, Parameters<typeof apiReply>, boolean][] = [
    [
      'invalid_token in the challenge',
      [401, undefined, { 'www-authenticate': 'Bearer error="invalid_token"' }],
      true,
    ],
    [
      'invalid_token of DPoP',
      [401, undefined, { 'www-authenticate': 'DPoP algs="ES256", error="invalid_token"' }],
      true,
    ],
    ['invalid_token in JSON', [401, { error: 'invalid_token' }], true],
    ['a 401 of Spring or Nest', [401, { status: 401, error: 'Unauthorized' }], true],
    [
      'a word of their own in JSON',
      [401, { error: 'token_expired' }, { 'www-authenticate': 'Bearer' }],
      true,
    ],
    ['a permission is missing, in JSON', [401, { error: 'insufficient_scope' }], false],
    ['a request is malformed, in JSON', [401, { error: 'invalid_request' }], false],
    ['a nonce is wanted, in JSON', [401, { error: 'use_dpop_nonce' }], false],
    ['a 401 without a reason', [401], true],
    [
      'a nonce is wanted',
      [401, undefined, { 'www-authenticate': 'DPoP error="use_dpop_nonce"' }],
      false,
    ],
    [
      'a newer login is wanted',
      [401, undefined, { 'www-authenticate': 'Bearer error="insufficient_user_authentication"' }],
      false,
    ],
    [
      'a permission is missing',
      [403, undefined, { 'www-authenticate': 'Bearer error="insufficient_scope"' }],
      false,
    ],
    ['it works', [200], false],
  ];
  for (const [name, reply, rejected] of cases) {
    test(`${rejected ? 'yes' : 'no'}: ${name}`, async () => {
      expect(await providerAt('https://x.example').isTokenRejection(apiReply(...reply))).toBe(
        rejected,
      );
    });
  }
});

function error(status: number, code: string): ScriptedReply {
  return { status, headers: json, body: { error: code, error_description: 'words' } };
}
