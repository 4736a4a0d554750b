import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { TokenProvider } from '@tokenkeep/core';
import { type OAuth2Options, oauth2 } from '@tokenkeep/provider-oauth2';
import { caught } from '../../../test/providers/caught.js';
import { testCall } from '../../../test/providers/test-call.js';
import { OAuth2World } from './oauth2-world.js';

const ownClient = { account: { credentials: {} } };

test('the endpoints are asked for once, and then every token is one request', async () => {
  await using world = await OAuth2World.begin(ownClient);
  const token = await world.engine.getToken('crm');
  await world.engine.renew('crm');
  expect(token.headers()).toEqual({ authorization: `Bearer ${token.reveal()}` });
  const { requests } = await world.server.log();
  expect(requests).toEqual([
    { path: '/.well-known/oauth-authorization-server', status: 200 },
    { path: '/token', grant: 'client_credentials', status: 200 },
    { path: '/token', grant: 'client_credentials', status: 200 },
  ]);
});

test('with endpoints in the options nothing is discovered', async () => {
  await using world = await OAuth2World.begin({
    ...ownClient,
    provider: ({ issuer }) => ({ tokenEndpoint: `${issuer}/token` }),
  });
  await world.engine.getToken('crm');
  const { requests } = await world.server.log();
  expect(requests.map(({ path }) => path)).toEqual(['/token']);
});

describe('a client says who it is', () => {
  type Way = [string, (secret: string, privateKey: string) => Partial<OAuth2Options>];
  const ways: Way[] = [
    ['client_secret_basic', (clientSecret) => ({ clientId: 'basic', clientSecret })],
    [
      'client_secret_post',
      (clientSecret) => ({
        clientId: 'post',
        clientSecret,
        clientAuthentication: 'client_secret_post',
      }),
    ],
    [
      'private_key_jwt',
      (_secret, privateKey) => ({
        clientId: 'signing',
        clientSecret: undefined as never,
        privateKey,
      }),
    ],
  ];
  for (const [way, client] of ways) {
    test(`by ${way}`, async () => {
      await using world = await OAuth2World.begin({
        ...ownClient,
        provider: ({ secret, privateKey }) => client(secret, privateKey),
      });
      expect((await world.engine.getToken('crm')).tokenType).toBe('Bearer');
      expect(await world.server.requestsTo('/token')).toMatchObject([{ status: 200 }]);
    });
  }

  test('in the credentials of the account, if it has a client of its own', async () => {
    await using world = await OAuth2World.begin({
      provider: () => ({ clientId: undefined as never, clientSecret: undefined as never }),
      account: { credentials: async () => ({ clientId: 'signing', privateKey: key }) },
    });
    const key = world.server.privateKey;
    await world.engine.getToken('crm');
    await world.engine.revoke('crm');
    expect(await world.server.requestsTo('/token/revocation')).toMatchObject([{ status: 200 }]);
  });
});

test('a wrong secret is the operator’s mistake, and is in no error', async () => {
  const clientSecret = 'a secret that is wrong';
  await using world = await OAuth2World.begin({ ...ownClient, provider: () => ({ clientSecret }) });
  const error = await caught(world.engine.getToken('crm'));
  expect(error).toMatchObject({
    code: 'CONFIGURATION_CLIENT_REJECTED',
    providerCode: 'invalid_client',
  });
  expect(JSON.stringify(error.details()) + error.stack).not.toContain(clientSecret);
  expect((await world.engine.status('crm')).state).not.toBe('reauthorization_required');
});

test('a key that is not the client’s is refused by the server', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await using world = await OAuth2World.begin({
    ...ownClient,
    provider: () => ({ clientId: 'signing', clientSecret: undefined as never, privateKey: pem }),
  });
  expect(await caught(world.engine.getToken('crm'))).toMatchObject({
    code: 'CONFIGURATION_CLIENT_REJECTED',
  });
});

describe('resource indicators', () => {
  test('name the API the token is for', async () => {
    const resource = 'https://api.example.com';
    await using world = await OAuth2World.begin({
      account: { credentials: {}, resource, scope: 'read' },
    });
    const token = await world.engine.getToken('crm');
    expect(token.scope).toBe('read');
  });

  test('of an API that the server does not know are the operator’s mistake', async () => {
    await using world = await OAuth2World.begin({
      account: { credentials: {}, resource: 'https://elsewhere.example.com' },
    });
    const error = await caught(world.engine.getToken('crm'));
    expect(['CONFIGURATION_CLIENT_REJECTED', 'PROVIDER_UNAVAILABLE']).toContain(error.code);
  });
});

test('a server without metadata leaves nothing in doubt, and says what to do', async () => {
  await using world = await OAuth2World.begin({
    ...ownClient,
    provider: ({ issuer }) => ({ issuer: `${issuer}/elsewhere` }),
  });
  const error = await caught(world.engine.getToken('crm'));
  expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', reason: 'discovery', status: 404 });
  expect(error.message).toContain('Correct "issuer"');
  const { requests } = await world.server.log();
  expect(requests.slice(0, 2).map(({ path }) => path)).toEqual([
    '/.well-known/oauth-authorization-server/elsewhere',
    '/elsewhere/.well-known/openid-configuration',
  ]);
  expect(requests.filter(({ path }) => path === '/token')).toEqual([]);
});

test('nothing is sent by another road than the engine’s', async () => {
  await using world = await OAuth2World.begin(ownClient);
  const { fetch } = globalThis;
  globalThis.fetch = () => Promise.reject(new Error('by another road'));
  try {
    await world.engine.getToken('crm');
    await world.engine.revoke('crm');
  } finally {
    globalThis.fetch = fetch;
  }
  const { requests } = await world.server.log();
  expect(requests.map(({ status }) => status)).toEqual([200, 200, 200]);
});

test('the server is asked about a token, and about one it has revoked', async () => {
  await using world = await OAuth2World.begin(ownClient);
  const { issuer, secret } = world.server;
  const provider: TokenProvider = oauth2({
    id: 'idp',
    issuer,
    clientId: 'basic',
    clientSecret: secret,
  });
  const token = await world.engine.getToken('crm');
  const alive = await provider.inspect?.(token.secret, testCall());
  expect(alive?.active).toBe(true);
  expect(alive?.lifetimeMs).toBeGreaterThan(590_000);
  expect(alive?.lifetimeMs).toBeLessThanOrEqual(601_000);
  await world.engine.revoke('crm');
  expect(await provider.inspect?.(token.secret, testCall())).toEqual({ active: false });
});
