import { expect, test } from '@jest/globals';
import { bodyOf, client, oauthManners } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const MINUTE_MS = 60_000;

test('Yandex Eda: tokens of 120 seconds are each used for most of their life, for an hour', async () => {
  const manners = oauthManners('/security/oauth/token', {
    accepts: (request) => bodyOf(request).client_secret === 'shh-client',
    tokens: (set) => ({ access_token: set.accessToken }),
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
