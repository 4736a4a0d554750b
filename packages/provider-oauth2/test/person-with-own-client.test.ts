import { describe, expect, test } from '@jest/globals';
import { createTokenEngine } from '@tokenkeep/core';
import { oauth2 } from '@tokenkeep/provider-oauth2';
import { caught } from '../../../test/providers/caught.js';
import { endpoint, type ScriptedReply } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';
import { byCode, idpAt } from './idp-at.js';

const client = { clientId: 'tenant', clientSecret: 'of the tenant' };
const code = {
  body: {
    device_code: 'dc',
    user_code: 'ABCD',
    verification_uri: 'https://id.example.com/device',
    expires_in: 60,
    interval: 1,
  },
};
const tokensOfAda = {
  body: {
    access_token: 'of ada'.replace(' ', '-'),
    token_type: 'Bearer',
    expires_in: 3_600,
    refresh_token: 'rt',
  },
};
const dead = { status: 400, body: { error: 'invalid_grant' } };
const tokensOfTheApp = {
  body: { access_token: 'of-the-app', token_type: 'Bearer', expires_in: 3_600 },
};

const interaction = byCode(async () => {});

async function worldWith(credentials: object, ...replies: readonly ScriptedReply[]) {
  const server = await endpoint(...replies);
  const { url } = server;
  const engine = await createTokenEngine({
    providers: [idpAt(url)],
    accounts: [{ provider: 'idp', account: 'ada', credentials }],
    allowInsecureLoopback: true,
    parameters: { gapMs: 1, forcedGapMs: 1, backoffBaseMs: 1 },
  });
  return {
    server,
    engine,
    async [Symbol.asyncDispose]() {
      await engine.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('an account of a person, with a client of its own', () => {
  const credentials = { grant: 'authorization_code', ...client };

  test('needs its owner when the refresh token is dead, and never becomes the client', async () => {
    await using world = await worldWith(credentials, code, tokensOfAda, dead, tokensOfTheApp);
    const { engine, server } = world;
    expect((await engine.login('ada', { interaction })).reveal()).toBe('of-ada');
    const error = await caught(engine.renew('ada'));
    expect(error).toMatchObject({ code: 'REAUTHORIZATION_REQUIRED' });
    expect((await engine.status('ada')).state).toBe('reauthorization_required');
    const grants = server.requests.map(({ body }) => new URLSearchParams(body).get('grant_type'));
    expect(grants).toEqual([null, expect.stringContaining('device_code'), 'refresh_token']);
  });

  test('has nothing to log in with by itself', async () => {
    await using world = await worldWith(credentials);
    const error = await caught(world.engine.login('ada'));
    expect(error).toMatchObject({ code: 'REAUTHORIZATION_REQUIRED', reason: 'no_credentials' });
    expect(world.server.requests).toEqual([]);
  });

  test('is refused by obtain as well, which nobody asks', async () => {
    const provider = oauth2({ id: 'idp', issuer: 'https://id.example.com', ...client });
    const given = await provider.credentials['~standard'].validate(credentials);
    if (given.issues !== undefined) throw new Error('refused');
    expect(provider.canObtain?.(given.value)).toBe(false);
    await using server = await endpoint();
    const there = idpAt(server.url);
    const error = await caught(there.obtain(given.value, testCall()));
    expect(error.code).toBe('REAUTHORIZATION_REQUIRED');
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['of a client', client],
    ['with an assertion', { grant: 'jwt_bearer', assertion: 'a.b.c', ...client }],
  ])('cannot have credentials %s, which log in by themselves', async (_words, minting) => {
    await using world = await worldWith(minting, code, tokensOfAda);
    const error = await caught(world.engine.login('ada', { interaction }));
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID' });
    expect(error.message).toContain('grant: authorization_code');
    expect(world.server.requests).toEqual([]);
  });
});

test('credentials of a client can still log in by themselves', async () => {
  await using world = await worldWith(client, tokensOfTheApp);
  expect((await world.engine.getToken('ada')).reveal()).toBe('of-the-app');
});
