import { describe, expect, test } from '@jest/globals';
import {
  createTokenEngine,
  nodeHttpExchange,
  Secret,
  type TokenEvents,
  type TokenProvider,
} from '@tokenkeep/core';
import { TestClock, trackedExchange } from '@tokenkeep/testing';
import { endpoint, type ScriptedReply } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';
import { httpProvider } from '../src/index.js';

const MINUTE_MS = 60_000;
const pair: ScriptedReply = {
  body: { access_token: 'a2', refresh_token: 'r2', expires_in: 3_600 },
};

/** A refresh that asks for a session first; the refresh token is in the second request only. */
function provider(baseUrl: string, first: object = { method: 'GET' }): TokenProvider {
  return httpProvider({
    id: 'acme',
    baseUrl,
    credentials: { code: { optional: true } },
    obtain: { needs: ['code'], url: '/token', form: { code: '{credentials.code}' } },
    refresh: {
      first: { url: '/session', take: { session: 'session' }, ...first },
      url: '/token',
      form: { refresh_token: '{refreshToken}', session: '{first.session}' },
    },
    refusals: [{ on: ['refresh'], at: 'error', is: ['slow'], kind: 'throttled' }],
  }) as TokenProvider;
}

/** An imported pair, one renewal after the other. */
async function renewals(times: number, ...replies: ScriptedReply[]) {
  const server = await endpoint(...replies);
  const clock = new TestClock();
  const engine = await createTokenEngine({
    clock,
    exchange: trackedExchange(clock, nodeHttpExchange(clock)),
    allowInsecureLoopback: true,
    providers: [provider(server.url)],
    accounts: [{ provider: 'acme', account: 'main', credentials: {} }],
  });
  const seen: (keyof TokenEvents)[] = [];
  engine.on('renewal:in_doubt', () => void seen.push('renewal:in_doubt'));
  engine.on('account:reauthorization_required', () => {
    seen.push('account:reauthorization_required');
  });
  const tokens = { accessToken: 'a1', refreshToken: 'r1', lifetimeMs: 1_000 };
  await clock.runUntil(engine.accounts.import('main', tokens));
  await clock.advance(MINUTE_MS);
  for (let time = 0; time < times; time += 1) {
    await clock.runUntil(engine.getToken('main').catch(() => {}));
    await clock.advance(10 * MINUTE_MS);
  }
  const { state } = await engine.status('main');
  await clock.runUntil(engine.stop());
  await server[Symbol.asyncDispose]();
  return { seen, state, paths: server.requests.map(({ url }) => url) };
}

describe('a first step that the refresh token is not in', () => {
  const session: ScriptedReply = { body: { session: 's1' } };
  const replies: readonly (readonly [what: string, reply: ScriptedReply])[] = [
    ['fails', { status: 503 }],
    ['is throttled', { status: 429 }],
    ['is a page in place of JSON', { body: '<h1>Maintenance</h1>' }],
    ['says invalid_grant', { status: 400, body: { error: 'invalid_grant' } }],
    ['is refused without a word', { status: 401 }],
  ];

  test.each(replies.map(([what, reply]) => ({ what, reply })))(
    'puts it in no doubt and ends nothing, where it $what, four times',
    async ({ reply }) => {
      const again = [reply, reply, reply, reply];
      const { seen, state, paths } = await renewals(5, ...again, session, pair);
      expect({ seen, state }).toEqual({ seen: [], state: 'live' });
      expect(paths).toEqual([...again.map(() => '/session'), '/session', '/token']);
    },
  );

  test('leaves what comes after it as it is: there a refresh token is in doubt', async () => {
    const { seen } = await renewals(1, session, { status: 503 });
    expect(seen).toContain('renewal:in_doubt');
  });
});

test('the rules for a refresh are for its first step too, and one with the token is judged by it', async () => {
  const refused = { status: 400, body: { error: 'invalid_grant' } };
  await using server = await endpoint({ status: 400, body: { error: 'slow' } }, refused, refused);
  const refresh = (first?: object) => {
    let none = 0;
    const call = {
      ...testCall(),
      nothingProcessed: () => {
        none += 1;
      },
    };
    const run = provider(server.url, first).refresh?.(new Secret('r1'), call, {});
    return Promise.resolve(run).catch(({ reason }) => ({ reason, none }));
  };
  expect(await refresh()).toEqual({ reason: 'throttled', none: 1 });
  expect(await refresh()).toEqual({ reason: 'unavailable', none: 1 });
  const withToken = { form: { refresh_token: '{refreshToken}' } };
  expect(await refresh(withToken)).toEqual({ reason: 'grant_rejected', none: 0 });
});
