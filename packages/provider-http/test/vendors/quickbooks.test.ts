import { expect, test } from '@jest/globals';
import { Secret, type TokenReply, type TokenRequest } from '@tokenkeep/core';
import { testCall } from '../../../../test/providers/test-call.js';
import { httpProvider } from '../../src/index.js';
import { bodyOf, client, oauthManners, withRedirect } from './oauth-manners.js';
import { basic, declarationOf, vendorScene } from './vendor-scene.js';

const HOUR_MS = 3_600_000;

test('QuickBooks: the refresh token comes back the same for a day, then changes, and the old one dies', async () => {
  let day = 1;
  const dead = new Set<string>();
  const manners = oauthManners('/oauth2/v1/tokens/bearer', {
    // The vendor's own value, which maps to the token that the server knows.
    refreshToken: (request) => {
      const shown = bodyOf(request).refresh_token ?? '';
      return dead.has(shown) ? undefined : known.get(shown);
    },
    tokens: (set, { seconds }) => {
      const shown = `AB11-day-${day}`;
      known.set(shown, set.refresh?.token ?? '');
      return {
        access_token: set.accessToken,
        refresh_token: shown,
        expires_in: seconds,
        x_refresh_token_expires_in: 100 * 86_400,
      };
    },
    rules: { rotation: { kind: 'reusable' } },
  });
  const known = new Map<string, string>();
  await using scene = await vendorScene('quickbooks', manners, { credentials: withRedirect });
  await scene.token();
  await scene.clock.advance(HOUR_MS);
  await scene.token();
  day = 2;
  await scene.clock.advance(24 * HOUR_MS);
  await scene.token();
  dead.add('AB11-day-1');
  await scene.clock.advance(HOUR_MS);
  await scene.token();
  expect(scene.requests.slice(1).map((request) => bodyOf(request).refresh_token)).toEqual([
    'AB11-day-1',
    'AB11-day-1',
    'AB11-day-2',
  ]);
  expect(scene.requests[0]?.headers.authorization).toBe(basic('client-1', 'shh-client'));
  const { refreshEndsAt } = await scene.engine.status('main');
  expect(refreshEndsAt).toBeGreaterThan(scene.clock.now() + 99 * 24 * HOUR_MS);
});

test('QuickBooks: a revocation goes to another host, as JSON, with the client', async () => {
  const provider = httpProvider(declarationOf('quickbooks'));
  const sent: TokenRequest[] = [];
  const send = async (request: TokenRequest) => {
    sent.push(request);
    return { ok: true, status: 200, jsonIfAny: () => undefined } as TokenReply;
  };
  const tokens = { accessToken: new Secret('a1'), refreshToken: new Secret('r1') };
  await provider.revoke?.(tokens, { ...testCall(), send }, client);
  const [{ url, headers, json } = {} as TokenRequest] = sent;
  expect(url).toBe('https://developer.api.intuit.com/v2/oauth2/tokens/revoke');
  expect(Secret.of(headers?.Authorization ?? '').reveal()).toBe(basic('client-1', 'shh-client'));
  expect(json).toEqual({ token: tokens.refreshToken });
});
