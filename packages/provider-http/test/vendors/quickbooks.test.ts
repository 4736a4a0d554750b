import { expect, test } from '@jest/globals';
import { bodyOf, oauthManners, withRedirect } from './oauth-manners.js';
import { basic, vendorScene } from './vendor-scene.js';

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
