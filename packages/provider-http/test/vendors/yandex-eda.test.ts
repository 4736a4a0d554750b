import { expect, test } from '@jest/globals';
import { jsonReply } from '@tokenkeep/testing';
import { bodyOf, client, oauthManners } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const MINUTE_MS = 60_000;

test('Yandex Eda: tokens of 120 seconds are each used for most of their life, for an hour', async () => {
  const manners = oauthManners('/oauth2/token', {
    accepts: (request) => bodyOf(request).client_secret === 'shh-client',
    tokens: (set) => ({ access_token: set.accessToken, expires_in: 120, token_type: 'Bearer' }),
    rules: { accessLifeMs: 2 * MINUTE_MS },
  });
  await using scene = await vendorScene('yandex-eda', manners, {
    credentials: client,
    scope: 'read write',
  });
  scene.engine.start();
  for (let step = 0; step < 120; step += 1) {
    expect(await scene.call()).toBe(200);
    await scene.clock.advance(MINUTE_MS / 2);
  }
  expect(scene.server.log.count({ outcome: 'token_rejected' })).toBe(0);
  expect(scene.server.log.count({ operation: 'obtain' })).toBeLessThanOrEqual(60);
  expect(bodyOf(scene.requests[0] as never)).toMatchObject({ scope: 'read write' });
});

test('Yandex Eda: what it says with 401 is told, in its own words', async () => {
  const body = { code: 'invalid_client', message: 'Unknown client', details: {} };
  const manners = oauthManners('/oauth2/token', {
    accepts: () => false,
    refusal: () => jsonReply(401, body),
  });
  await using scene = await vendorScene('yandex-eda', manners, { credentials: client });
  await expect(scene.token()).rejects.toMatchObject({
    code: 'CONFIGURATION_CLIENT_REJECTED',
    providerCode: 'invalid_client',
    providerMessage: 'Unknown client',
  });
});
