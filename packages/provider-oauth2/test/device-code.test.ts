import { describe, expect, test } from '@jest/globals';
import { createTokenEngine, type LoginCode, nodeHttpExchange } from '@tokenkeep/core';
import { TestClock, trackedExchange } from '@tokenkeep/testing';
import { caught } from '../../../test/providers/caught.js';
import { endpoint, type ScriptedReply } from '../../../test/providers/endpoint.js';
import { byCode, idpAt } from './idp-at.js';

const json = { 'content-type': 'application/json' };
const pending = refused(400, 'authorization_pending');
const granted: ScriptedReply = {
  headers: json,
  body: { access_token: 'at', token_type: 'Bearer', expires_in: 60, refresh_token: 'rt' },
};

function refused(status: number, error: string): ScriptedReply {
  return { status, headers: json, body: { error } };
}

/** A login by code, in virtual time. */
async function login(members: object, ...replies: readonly ScriptedReply[]) {
  const code = {
    device_code: 'dc',
    user_code: 'ABCD',
    verification_uri: 'https://id.example.com/device',
    expires_in: 600,
    ...members,
  };
  await using server = await endpoint({ headers: json, body: code }, ...replies);
  const { url, requests } = server;
  const clock = new TestClock();
  const sentAt: number[] = [];
  const exchange = trackedExchange(clock, nodeHttpExchange(clock));
  await using engine = await createTokenEngine({
    clock,
    exchange: {
      send(request, hooks) {
        sentAt.push(clock.now());
        return exchange.send(request, hooks);
      },
    },
    providers: [idpAt(url, { clientId: 'us' })],
    accounts: [{ provider: 'idp', account: 'ada' }],
    allowInsecureLoopback: true,
  });
  const shown: LoginCode[] = [];
  const interaction = byCode(async (given) => void shown.push(given));
  const outcome = await clock.runUntil(
    engine.login('ada', { interaction }).then(
      (token) => token.reveal(),
      (error) => error,
    ),
    { limitMs: 3_600_000 },
  );
  const [begun = 0, ...polls] = sentAt;
  return { outcome, shown, requests, polledAfterMs: polls.map((at) => at - begun) };
}

describe('the server is asked whether the code was typed in', () => {
  test.each([
    ['is not stated', {}, 5_000],
    ['is null', { interval: null }, 5_000],
    ['is 0', { interval: 0 }, 5_000],
    ['is negative', { interval: -5 }, 5_000],
    ['is a fraction', { interval: 0.001 }, 1_000],
    ['is text', { interval: '2' }, 2_000],
    ['is stated', { interval: 3 }, 3_000],
  ])('where the interval %s', async (_words, members, afterMs) => {
    const { outcome, polledAfterMs } = await login(members, granted);
    expect(outcome).toBe('at');
    expect(polledAfterMs).toHaveLength(1);
    expect(polledAfterMs[0]).toBeGreaterThanOrEqual(afterMs);
    expect(polledAfterMs[0]).toBeLessThan(afterMs + 500);
  });

  const passing: [string, ScriptedReply][] = [
    ['503', { status: 503, body: 'restarting' }],
    ['a proxy’s 502', { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad' }],
    ['429', { status: 429 }],
    ['temporarily_unavailable', refused(400, 'temporarily_unavailable')],
    ['server_error', refused(400, 'server_error')],
    ['slow_down', refused(400, 'slow_down')],
  ];
  for (const [name, reply] of passing) {
    test(`and asked again, later, after ${name}`, async () => {
      const { outcome, polledAfterMs } = await login({ interval: 2 }, pending, reply, granted);
      expect(outcome).toBe('at');
      const [, second = 0, third = 0] = polledAfterMs;
      expect(third - second).toBeGreaterThan(3_500);
    });
  }

  test('and not before it says that it may be', async () => {
    const busy = { status: 429, headers: { 'retry-after': '60' } };
    const { outcome, polledAfterMs } = await login({ interval: 2 }, busy, granted);
    expect(outcome).toBe('at');
    const [first = 0, second = 0] = polledAfterMs;
    expect(second - first).toBeGreaterThanOrEqual(60_000);
  });

  test('no longer than the code lives, and once before it ends', async () => {
    const { outcome, polledAfterMs } = await login(
      { interval: 3_000_000, expires_in: 10 },
      pending,
      granted,
    );
    expect(outcome).toMatchObject({ reason: 'login_refused', providerCode: 'expired_token' });
    expect(polledAfterMs).toHaveLength(1);
    expect(polledAfterMs[0]).toBeLessThan(10_500);
  });

  test('and not again after another refusal', async () => {
    const { outcome, requests } = await login({}, refused(401, 'invalid_client'), granted);
    expect(outcome).toMatchObject({ code: 'CONFIGURATION_CLIENT_REJECTED' });
    expect(requests).toHaveLength(2);
  });
});

describe('tokens of a login are taken', () => {
  const tokens = { access_token: 'at', token_type: 'Bearer', expires_in: 60, refresh_token: 'rt' };
  const alg = (name: string) =>
    `${Buffer.from(`{"alg":"${name}"}`).toString('base64url')}.e30.c2ln`;
  test.each([
    ['without a refresh token', { refresh_token: null }],
    ['without a scope', { scope: null }],
    ['without a life', { expires_in: null }],
    ['without a type', { token_type: undefined }],
    ['with an ID token by ES256', { id_token: alg('ES256') }],
    ['with an ID token by HS256', { id_token: alg('HS256') }],
    ['with an ID token of null', { id_token: null }],
  ])('%s', async (_words, members) => {
    const { outcome } = await login({}, { headers: json, body: { ...tokens, ...members } });
    expect(outcome).toBe('at');
  });

  test.each([
    ['no access token', { access_token: null }],
    ['a token that is no Bearer', { token_type: 'mac' }],
    ['a token that is bound to a key, where there is none', { token_type: 'DPoP' }],
  ])('but not %s', async (_words, members) => {
    const { outcome } = await login({}, { headers: json, body: { ...tokens, ...members } });
    expect(outcome).toMatchObject({ code: 'PROVIDER_PROTOCOL' });
  });
});

describe('a code is shown', () => {
  test.each([
    ['without a code', { user_code: null }],
    ['without an address', { verification_uri: undefined }],
    ['without a life', { expires_in: 'soon' }],
    ['without what is asked for', { device_code: 5 }],
  ])('unless the server gave one %s', async (_words, members) => {
    const { outcome, shown } = await login(members);
    expect(outcome).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'protocol' });
    expect(shown).toEqual([]);
  });

  test('as the server gave it', async () => {
    const { shown } = await login(
      { verification_uri_complete: 'https://id.example.com/d?c=1' },
      granted,
    );
    expect(shown).toEqual([
      {
        code: 'ABCD',
        url: 'https://id.example.com/device',
        urlWithCode: 'https://id.example.com/d?c=1',
        lifetimeMs: 600_000,
      },
    ]);
  });

  test('not where the server refuses', async () => {
    await using server = await endpoint(refused(401, 'invalid_client'));
    await using engine = await createTokenEngine({
      providers: [idpAt(server.url, { clientId: 'us' })],
      accounts: [{ provider: 'idp', account: 'ada' }],
      allowInsecureLoopback: true,
    });
    const interaction = byCode(() => Promise.reject(new Error('no code')));
    const error = await caught(engine.login('ada', { interaction }));
    expect(error.code).toBe('CONFIGURATION_CLIENT_REJECTED');
  });
});
