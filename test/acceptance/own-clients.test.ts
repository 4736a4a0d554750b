import { describe, expect, test } from '@jest/globals';
import {
  createTokenEngine,
  type Parameters,
  type TokenEngine,
  type TokenError,
} from '@tokenkeep/core';
import { httpProvider } from '@tokenkeep/provider-http';
import { oauth2 } from '@tokenkeep/provider-oauth2';
import { oauth20 } from '@tokenkeep/provider-oauth20';
import { caught } from '../providers/caught.js';
import { endpoint } from '../providers/endpoint.js';
import { whenAllowed } from './processes/real-world.js';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Of breakers. */
const heals = { breakerOpenMs: 500, breakerMaxMs: 600 };
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
  parameters: Partial<Parameters> = {},
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
    parameters: {
      gapMs: 1,
      forcedGapMs: 1,
      backoffBaseMs: 1,
      backoffMaxMs: 2,
      ...parameters,
    },
  });
  engine.on('breaker:changed', ({ host, state }) => void told.push(`${host} is ${state}`));
  return { engine, told };
}

/** Until its client is left alone. */
async function rejectedUntilLeftAlone(engine: TokenEngine, account: string): Promise<TokenError> {
  for (let tries = 0; tries < 50; tries += 1) {
    const error = await caught(engine.getToken(account, { waitMs: 50 }));
    if ((error as TokenError).reason === 'breaker') return error as TokenError;
    await sleep(5);
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
    expect(told[0]).toBe('client b of idp is open');
  });

  test('a client that is accepted again serves its account again', async () => {
    const replies = [...Array(3).fill(rejected), ...Array(9).fill(granted)];
    await using server = await endpoint(...replies);
    const { engine, told } = await engineFor(providerAt(server.url), { bad: own('b') }, heals);
    await using _engine = engine;
    await rejectedUntilLeftAlone(engine, 'bad');
    expect((await whenAllowed(() => engine.getToken('bad'))).reveal()).toBe('at');
    expect(told).toEqual(['open', 'half-open', 'closed'].map((is) => `client b of idp is ${is}`));
    expect(engine.health().breakers.filter(({ host }) => host.startsWith('client'))).toEqual([]);
  });
});

test('clients without a secret, whose identifiers are not shown, are told apart all the same', async () => {
  await using server = await endpoint(rejected, rejected, rejected, granted, granted);
  const open = (clientId: string) => ({ grant: 'password', clientId });
  const accounts = { a: open('aaaa'), b: open('bbbb'), c: open('cccc'), good: open('gggg') };
  const { engine } = await engineFor(kinds[1][1](server.url), accounts);
  await using _engine = engine;
  for (const account of ['a', 'b', 'c']) await caught(engine.getToken(account));
  expect((await engine.getToken('good')).reveal()).toBe('at');
});

test('a client that nobody has any more is forgotten', async () => {
  await using server = await endpoint(...Array(9).fill(rejected));
  const { engine, told } = await engineFor(kinds[0][1](server.url), {}, heals);
  await using _engine = engine;
  await engine.accounts.add({ provider: 'idp', account: 'bad', credentials: own('b') });
  await rejectedUntilLeftAlone(engine, 'bad');
  expect(engine.health().state).toBe('degraded');
  await engine.accounts.remove('bad');
  await sleep(heals.breakerOpenMs + heals.breakerMaxMs + 100);
  expect(engine.health()).toMatchObject({ state: 'ready' });
  expect([told[0], told.at(-1)]).toEqual(['client b of idp is open', 'client b of idp is closed']);
});

test('while credentials cannot be had, what is rejected is nobody’s client', async () => {
  await using server = await endpoint(...Array(9).fill(rejected));
  const vaultIsDown = async () => {
    throw new Error('The vault is down.');
  };
  const provider = httpProvider({
    id: 'idp',
    baseUrl: server.url,
    credentials: { clientId: { secret: false } },
    refresh: { url: '/token', form: { refresh_token: '{refreshToken}' } },
    reply: { accessToken: 'access_token', refreshToken: 'refresh_token' },
  });
  const names = ['a', 'b', 'c', 'd'];
  const accounts = Object.fromEntries(names.map((name) => [name, vaultIsDown]));
  const { engine, told } = await engineFor(provider, accounts);
  await using _engine = engine;
  for (const name of names) {
    await engine.accounts.import(name, { refreshToken: `rt-${name}` });
    expect(await caught(engine.getToken(name))).toMatchObject({
      code: 'CONFIGURATION_CLIENT_REJECTED',
    });
  }
  expect([server.requests.length, told]).toEqual([4, []]);
});

test('what a terminal would obey in an identifier is told as text', async () => {
  await using server = await endpoint(rejected, rejected, rejected);
  const clientId = `\u001b[31m${'y'.repeat(5_000)}`;
  const accounts = { bad: { clientId, clientSecret: 'secret' } };
  const { engine, told } = await engineFor(kinds[0][1](server.url), accounts);
  await using _engine = engine;
  await rejectedUntilLeftAlone(engine, 'bad');
  expect(told[0]).toMatch(/^client \\u001b\[31myyy/);
  expect(told[0]?.length).toBeLessThan(1_000);
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
