import { expect, test } from '@jest/globals';
import { fault, jsonReply } from '@tokenkeep/testing';
import { httpProvider } from '../../src/index.js';
import { bodyOf, client, oauthManners } from './oauth-manners.js';
import { declarationOf, vendorScene } from './vendor-scene.js';

const MINUTE_MS = 60_000;
const credentials = { ...client, refreshToken: '1000.stable' };

const manners = oauthManners('/oauth/v2/token', {
  route: ({ path }) => (path === '/oauth/v2/token' ? 'obtain' : 'api'),
  accepts: (request) => bodyOf(request).refresh_token === '1000.stable',
  accessToken: ({ headers }) => headers.authorization?.replace('Zoho-oauthtoken ', ''),
  refusal: () => jsonReply(200, { error: 'invalid_code' }),
  rejection: () => jsonReply(401, { code: 'INVALID_TOKEN' }),
});

test('Zoho: the limit comes with HTTP 200, and is a limit: nobody is marked, and later it goes on', async () => {
  await using scene = await vendorScene('zoho', manners, { credentials });
  scene.server.faults.next('obtain', fault.json({ error: 'Access Denied' }));
  await expect(scene.token()).rejects.toMatchObject({
    code: 'PROVIDER_THROTTLED',
    reason: 'quota_exceeded',
  });
  await scene.clock.advance(10 * MINUTE_MS);
  await scene.token();
  expect(scene.events).toEqual(['token:obtained']);
});

test('Zoho: never more than ten tokens in ten minutes, whatever the API refuses', async () => {
  await using scene = await vendorScene('zoho', manners, { credentials });
  await scene.token();
  for (let minute = 0; minute < 30; minute += 1) {
    scene.server.truth.revokeAccess('main');
    await scene.call().catch(() => {});
    await scene.clock.advance(MINUTE_MS);
  }
  expect(scene.server.log.maxPerRollingWindow('obtain', 10 * MINUTE_MS)).toBeLessThanOrEqual(10);
  expect(scene.server.log.count({ operation: 'obtain' })).toBeGreaterThan(1);
});

test('Zoho: a revoked refresh token is told with HTTP 200 too, and is final', async () => {
  await using scene = await vendorScene('zoho', manners, {
    credentials: { ...credentials, refreshToken: '1000.revoked' },
  });
  await expect(scene.token()).rejects.toMatchObject({ code: 'CREDENTIALS_REJECTED' });
});

test('Zoho: the limit is counted by countAs, where accounts have one', () => {
  const { profile } = httpProvider(declarationOf('zoho'));
  const keys = ['ada', 'bob', undefined].map((countAs) =>
    profile.budgets[0]?.key({ ...credentials, countAs }),
  );
  expect(new Set(keys).size).toBe(3);
  expect(profile.budgets[0]?.key(credentials)).toBe(keys[2]);
});
