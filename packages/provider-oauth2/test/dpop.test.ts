import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { AccessToken } from '@tokenkeep/core';
import { authorizedFetch } from '@tokenkeep/http';
import { dpopFetch } from '@tokenkeep/provider-oauth2/dpop';
import { caught } from '../../../test/providers/caught.js';
import { type OAuth2Setup, OAuth2World } from './oauth2-world.js';
import { personWithBrowser } from './server/persons.js';
import type { RealServer } from './server/real-server.js';

const key = jwk('P-256');

const person: OAuth2Setup = {
  provider: () => ({
    clientId: 'public',
    clientSecret: undefined as never,
    dpopKey: key,
    authorizationParameters: { prompt: 'consent' },
  }),
  account: { scope: 'openid offline_access' },
};

describe('tokens that are bound to a key', () => {
  test('are refreshed with it, and used with it', async () => {
    await using world = await OAuth2World.begin(person);
    const { engine, server } = world;
    await engine.login('crm', { interaction: personWithBrowser().interaction });
    const token = await engine.renew('crm');
    expect(token.headers()).toEqual({ authorization: `DPoP ${token.reveal()}` });

    const api = `${server.issuer}/me`;
    const bare = await fetch(api, { headers: token.headers() });
    const proven = await dpopFetch({ key, fetch })(api, { headers: token.headers() });
    const byAnother = await dpopFetch({ key: jwk('P-256'), fetch })(api, {
      headers: token.headers(),
    });
    expect([bare.status, proven.status, byAnother.status]).toEqual([400, 200, 401]);
    expect(await proven.json()).toMatchObject({ sub: 'anything' });
  });

  test('go to the API with authorizedFetch, and one it refuses is replaced', async () => {
    await using world = await OAuth2World.begin({ ...person, dpopNonce: true });
    const { engine, server } = world;
    await engine.login('crm', { interaction: personWithBrowser().interaction });
    const crm = authorizedFetch(engine, 'crm', { fetch: dpopFetch({ key, fetch }) });
    const url = `${server.issuer}/me`;
    expect((await crm(url)).status).toBe(200);
    const { generation } = await engine.getToken('crm');
    await endAtServer(server, await engine.getToken('crm'));
    expect((await crm(url)).status).toBe(200);
    expect((await engine.getToken('crm')).generation).toBe(generation + 1);
    // Asking for a nonce is no refusal of the token.
    const asked = await server.requestsTo('/me');
    expect(asked.map(({ status }) => status)).toEqual([401, 200, 401, 200]);
  });

  test('cannot be refreshed with another key', async () => {
    let dpopKey = key;
    await using world = await OAuth2World.begin({
      ...person,
      provider: (server) => ({ ...person.provider?.(server), dpopKey }),
    });
    await world.engine.login('crm', { interaction: personWithBrowser().interaction });
    await world.engine.renew('crm');
    const used = world.sent.map((body) => new URLSearchParams(body).get('refresh_token'));
    dpopKey = jwk('P-256');
    await using other = await OAuth2World.begin({
      ...person,
      provider: (server) => ({
        ...person.provider?.(server),
        dpopKey,
        issuer: world.server.issuer,
      }),
    });
    await other.engine.accounts.import('crm', { refreshToken: used.find(Boolean) ?? '' });
    const error = await caught(other.engine.getToken('crm'));
    expect(error).toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      providerCode: 'invalid_grant',
    });
  });

  test('a nonce the server wants is put into one more proof, and a rotation stays one', async () => {
    await using world = await OAuth2World.begin({ ...person, dpopNonce: true });
    const { engine, server } = world;
    await engine.login('crm', { interaction: personWithBrowser().interaction });
    const token = await engine.renew('crm');
    const asked = await server.requestsTo('/token');
    expect(asked.map(({ grant, status, error }) => [grant, status, error])).toEqual([
      ['authorization_code', 400, 'use_dpop_nonce'],
      ['authorization_code', 200, undefined],
      // The nonce is known from before.
      ['refresh_token', 200, undefined],
    ]);
    const me = dpopFetch({ key, fetch });
    const url = `${server.issuer}/me`;
    for (let calls = 0; calls < 2; calls += 1) {
      expect((await me(url, { headers: token.headers() })).status).toBe(200);
    }
    // The second call knows the nonce of the first one's reply.
    expect((await server.requestsTo('/me')).map(({ status }) => status)).toEqual([401, 200, 200]);
  });

  for (const curve of ['P-384', 'P-521', 'Ed25519', 'RSA']) {
    test(`by a key of kind ${curve}, or are refused in words`, async () => {
      await using world = await OAuth2World.begin({
        account: { credentials: {} },
        provider: () => ({ dpopKey: jwk(curve) }),
      });
      const outcome = await world.engine.getToken('crm').then(
        (token) => token.tokenType,
        (error) => error.providerCode,
      );
      // oidc-provider takes some algorithms and not others; none is a riddle.
      expect(['DPoP', 'invalid_dpop_proof']).toContain(outcome);
    });
  }
});

describe('dpopFetch', () => {
  test('leaves a request alone that carries no bound token', async () => {
    const seen: RequestInit[] = [];
    const send = dpopFetch({
      key,
      fetch: async (_url, init) => {
        seen.push(init);
        return new Response('fine');
      },
    });
    const init = { headers: { authorization: 'Bearer abc' } };
    await send('https://api.example.com/', init);
    expect(seen).toEqual([init]);
  });

  test('sends what it was given, once, where the body can be read once only', async () => {
    const bodies: unknown[] = [];
    const send = dpopFetch({
      key,
      fetch: async (_url, init) => {
        bodies.push(init.body);
        const headers = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n' };
        return new Response('no', { status: 401, headers });
      },
    });
    const headers = { authorization: 'DPoP abc' };
    const body = new Blob(['text']).stream();
    expect((await send('https://api.example.com/', { method: 'POST', headers, body })).status).toBe(
      401,
    );
    expect(bodies).toEqual([body]);
    await send('https://api.example.com/', { method: 'POST', headers, body: 'text' });
    expect(bodies.slice(1)).toEqual(['text', 'text']);
  });

  test('reads a challenge that stands behind another one', async () => {
    let calls = 0;
    const send = dpopFetch({
      key,
      fetch: async () => {
        calls += 1;
        if (calls > 1) return new Response('fine');
        const challenge = 'Bearer realm="x", DPoP error="use_dpop_nonce"';
        const headers = { 'www-authenticate': challenge, 'dpop-nonce': 'n' };
        return new Response('no', { status: 401, headers });
      },
    });
    const init = { headers: { authorization: 'DPoP abc' } };
    expect((await send('https://api.example.com/', init)).status).toBe(200);
  });

  test('refuses a key that is none, and does not show it', () => {
    const wrong = 'no key but a secret';
    expect(() => dpopFetch({ key: wrong, fetch })).toThrow('Give dpopFetch() a private key');
  });
});

/** Somebody has revoked the access token alone: the grant lives. */
async function endAtServer({ issuer }: RealServer, token: AccessToken): Promise<void> {
  const reply = await fetch(`${issuer}/token-of/${token.reveal()}`, { method: 'DELETE' });
  expect(reply.status).toBe(204);
}

function jwk(kind: string): string {
  if (kind === 'RSA') return exported(generateKeyPairSync('rsa', { modulusLength: 2_048 }));
  if (kind === 'Ed25519') return exported(generateKeyPairSync('ed25519'));
  return exported(generateKeyPairSync('ec', { namedCurve: kind }));
}

function exported({ privateKey }: ReturnType<typeof generateKeyPairSync>): string {
  return JSON.stringify(
    (privateKey as never as import('node:crypto').KeyObject).export({ format: 'jwk' }),
  );
}
