import { describe, expect, test } from '@jest/globals';
import { createTokenEngine, type TokenEngine, type TokenError } from '@tokenkeep/core';
import { httpProvider } from '@tokenkeep/provider-http';
import { oauth2 } from '@tokenkeep/provider-oauth2';
import { oauth20 } from '@tokenkeep/provider-oauth20';
import { caught } from '../providers/caught.js';
import { endpoint } from '../providers/endpoint.js';

const granted = { body: { access_token: 'at', token_type: 'Bearer', expires_in: 3_600 } };
const rejected = { status: 401, body: { error: 'invalid_client' } };
const own = (clientId: string) => ({ clientId, clientSecret: `secret of ${clientId}` });

const kinds = [
  [
    'oauth2',
    (url: string, client = {}) =>
      oauth2({ id: 'idp', issuer: url, tokenEndpoint: `${url}/token`, ...client }),
  ],
  ['oauth20', (url: string) => oauth20({ id: 'idp', baseUrl: url })],
  [
    'a declared provider',
    (url: string) =>
      httpProvider({
        id: 'idp',
        baseUrl: url,
        credentials: { clientId: { secret: false }, clientSecret: {} },
        obtain: {
          url: '/token',
          form: { id: '{credentials.clientId}', secret: '{credentials.clientSecret}' },
        },
        reply: { accessToken: 'access_token', lifetime: { at: 'expires_in', as: 'seconds' } },
      }),
  ],
] as const;

async function engineFor(
  provider: ReturnType<(typeof kinds)[number][1]>,
  accounts: Readonly<Record<string, object>>,
) {
  const told: string[] = [];
  const engine = await createTokenEngine({
    providers: [provider],
    accounts: Object.entries(accounts).map(([account, credentials]) => ({
      provider: 'idp',
      account,
      credentials,
    })),
    allowInsecureLoopback: true,
    parameters: { gapMs: 1, forcedGapMs: 1, backoffBaseMs: 1, backoffMaxMs: 2 },
  });
  engine.on('breaker:changed', ({ host, state }) => void told.push(`${host} is ${state}`));
  return { engine, told };
}

/** Until its client is left alone. */
async function rejectedUntilLeftAlone(engine: TokenEngine, account: string): Promise<TokenError> {
  for (let tries = 0; tries < 50; tries += 1) {
    const error = await caught(engine.getToken(account, { waitMs: 50 }));
    if ((error as TokenError).reason === 'breaker') return error as TokenError;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('Its client was never left alone.');
}

describe.each(kinds)('accounts with clients of their own, at %s', (_name, providerAt) => {
  test('a client that is rejected holds up no account but those that have it', async () => {
    // Where a token is granted, and where it is looked up.
    await using server = await endpoint(rejected, rejected, rejected, granted, granted);
    const accounts = { bad: own('b'), alike: own('b'), good: own('g') };
    const { engine, told } = await engineFor(providerAt(server.url), accounts);
    await using _engine = engine;
    const error = await rejectedUntilLeftAlone(engine, 'bad');
    expect(error.message).toMatch(/rejected the client b of idp several times/);
    expect(await caught(engine.getToken('alike'))).toMatchObject({ reason: 'breaker' });
    expect(server.requests).toHaveLength(3);
    expect((await engine.getToken('good')).reveal()).toBe('at');
    expect(told).toEqual(['client b of idp is open']);
  });
});

test('three accounts with wrong clients do not hold up a fourth', async () => {
  await using server = await endpoint(rejected, rejected, rejected, granted);
  const accounts = { a: own('a'), b: own('b'), c: own('c'), good: own('g') };
  const { engine } = await engineFor(kinds[0][1](server.url), accounts);
  await using _engine = engine;
  for (const account of ['a', 'b', 'c']) {
    expect(await caught(engine.getToken(account))).toMatchObject({
      code: 'CONFIGURATION_CLIENT_REJECTED',
    });
  }
  expect((await engine.getToken('good')).reveal()).toBe('at');
});

test('accounts of one client are held up together, as it is the provider’s', async () => {
  await using server = await endpoint(rejected, rejected, rejected, granted);
  const provider = kinds[0][1](server.url, own('shared'));
  const { engine, told } = await engineFor(provider, { a: {}, b: {}, c: {}, d: {} });
  await using _engine = engine;
  for (const account of ['a', 'b', 'c']) await caught(engine.getToken(account));
  expect(await caught(engine.getToken('d'))).toMatchObject({ reason: 'breaker' });
  expect(server.requests).toHaveLength(3);
  expect(told).toEqual(['client of idp is open']);
});

test('a client identifier that is a secret after all is in no error and no event', async () => {
  await using server = await endpoint(rejected, rejected, rejected);
  const provider = kinds[0][1](server.url);
  const leaky: typeof provider = { ...provider, clientId: () => own('b').clientSecret };
  const { engine, told } = await engineFor(leaky, { bad: own('b') });
  await using _engine = engine;
  const error = await rejectedUntilLeftAlone(engine, 'bad');
  expect([...told, error.message, JSON.stringify(error.details())].join()).not.toContain(
    'secret of',
  );
});
