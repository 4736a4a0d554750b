import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { type OAuth2Options, oauth2 } from '@tokenkeep/provider-oauth2';
import { endpoint } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';

const granted = { body: { access_token: 'at', token_type: 'Bearer', expires_in: 60 } };

function providerAt(url: string, options: Partial<OAuth2Options> = {}) {
  return oauth2({
    id: 'idp',
    issuer: 'https://id.example.com',
    tokenEndpoint: `${url}/token`,
    clientId: 'us',
    clientSecret: new Secret('s:e c%r/et'),
    ...options,
  });
}

async function obtain(url: string, credentials: unknown, options: Partial<OAuth2Options> = {}) {
  const provider = providerAt(url, options);
  const result = await provider.credentials['~standard'].validate(credentials);
  if (result.issues !== undefined) throw new Error(result.issues[0]?.message);
  return provider.obtain(result.value, testCall());
}

const formOf = (body = '') => Object.fromEntries(new URLSearchParams(body));

test('the password grant: user and password in the form, the client in Basic, form-encoded', async () => {
  await using server = await endpoint(granted);
  const credentials = { grant: 'password', username: 'ada', password: 'pässword', scope: 'a b' };
  await obtain(server.url, credentials, { passwordLogin: true });
  const [request] = server.requests;
  expect(formOf(request?.body)).toEqual({
    grant_type: 'password',
    username: 'ada',
    password: 'pässword',
    scope: 'a b',
  });
  const basic = String(request?.headers.authorization).replace('Basic ', '');
  expect(atob(basic)).toBe('us:s%3Ae+c%25r%2Fet');
});

test('Basic leaves as it is what needs no encoding, such as a client id that is a UUID', async () => {
  await using server = await endpoint(granted);
  await obtain(server.url, {}, { clientId: '3f2a-bc.d_e', clientSecret: 's-e.c_r~e*t' });
  const basic = String(server.requests[0]?.headers.authorization).replace('Basic ', '');
  expect(atob(basic)).toBe('3f2a-bc.d_e:s-e.c_r%7Ee*t');
});

describe('the JWT bearer grant', () => {
  test('sends an assertion that somebody else has signed', async () => {
    await using server = await endpoint(granted);
    await obtain(server.url, { grant: 'jwt_bearer', assertion: 'a.b.c' });
    expect(formOf(server.requests[0]?.body)).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: 'a.b.c',
    });
  });

  test('signs one that says who is meant, for whom, and for how long', async () => {
    await using server = await endpoint(granted);
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    await obtain(server.url, {
      grant: 'jwt_bearer',
      assertionKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      assertionKeyId: 'k1',
      assertionIssuer: 'robot@example.com',
      assertionSubject: 'ada@example.com',
    });
    const { assertion = '' } = formOf(server.requests[0]?.body);
    const [head = '', payload = '', signature = ''] = assertion.split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(head)).toEqual({ alg: 'RS256', kid: 'k1' });
    const claims = read(payload);
    expect(claims).toMatchObject({
      iss: 'robot@example.com',
      sub: 'ada@example.com',
      aud: 'https://id.example.com',
      jti: expect.any(String),
    });
    expect(claims.exp - claims.iat).toBe(60);
    expect(Math.abs(claims.iat - Date.now() / 1_000)).toBeLessThan(5);
    const signed = Buffer.from(`${head}.${payload}`);
    const proof = Buffer.from(signature, 'base64url');
    expect(
      verify(
        'sha256',
        signed,
        createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
        proof,
      ),
    ).toBe(true);
  });
});

test('what is signed is of another moment where this machine’s clock is known to be off', async () => {
  await using server = await endpoint(granted);
  const { privateKey } = generateKeyPairSync('ed25519');
  await obtain(
    server.url,
    {},
    {
      clientSecret: undefined as never,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      keyId: 'k2',
      clockSkewMs: -3_600_000,
      assertionAudience: 'https://id.example.com/token',
    },
  );
  const { client_assertion: assertion = '', client_assertion_type: type } = formOf(
    server.requests[0]?.body,
  );
  expect(type).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
  const [head = '', payload = ''] = assertion
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString());
  expect(JSON.parse(head)).toEqual({ alg: 'Ed25519', kid: 'k2' });
  const claims = JSON.parse(payload);
  expect(claims.aud).toBe('https://id.example.com/token');
  expect(Math.abs(claims.iat + 3_600 - Date.now() / 1_000)).toBeLessThan(5);
});

test('a refresh says no scope, and says the resource and what the vendor adds', async () => {
  await using server = await endpoint(granted);
  const provider = providerAt(server.url, { clientSecret: undefined as never });
  const call = { ...testCall(), target: { scope: 'read', resource: 'https://api.example.com' } };
  const credentials = await provider.credentials['~standard'].validate({
    parameters: { audience: 'x' },
  });
  if (credentials.issues !== undefined) throw new Error('refused');
  await provider.refresh?.(new Secret('rt'), call, credentials.value);
  expect(formOf(server.requests[0]?.body)).toEqual({
    grant_type: 'refresh_token',
    refresh_token: 'rt',
    client_id: 'us',
    resource: 'https://api.example.com',
    audience: 'x',
  });
});

test('revocation ends the refresh token first, and then the access token', async () => {
  await using server = await endpoint({ status: 200, body: '' }, { status: 200, body: '' });
  const provider = providerAt(server.url, { revocationEndpoint: `${server.url}/revoke` });
  const tokens = { accessToken: new Secret('at'), refreshToken: new Secret('rt') };
  await provider.revoke?.(tokens, testCall());
  expect(server.requests.map(({ url, body }) => [url, formOf(body)])).toEqual([
    ['/revoke', { token: 'rt', token_type_hint: 'refresh_token' }],
    ['/revoke', { token: 'at', token_type_hint: 'access_token' }],
  ]);
});

test('a server without an endpoint for it, or one that is not to be asked, is asked for no revocation', async () => {
  expect(providerAt('https://id.example.com').revoke).toBeUndefined();
  const never = oauth2({
    id: 'idp',
    issuer: 'https://id.example.com',
    clientId: 'us',
    revocationEndpoint: false,
  });
  expect(never.revoke).toBeUndefined();
});
