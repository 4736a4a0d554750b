import { expect, test } from '@jest/globals';
import { oauthManners, withRedirect } from './oauth-manners.js';
import { basic, vendorScene } from './vendor-scene.js';

const MINUTE_MS = 60_000;

test('Snowflake: ten minutes of life take a handful of refreshes an hour, and no gap', async () => {
  const manners = oauthManners('/oauth/token-request', {
    rules: { accessLifeMs: 10 * MINUTE_MS, rotation: { kind: 'reusable' } },
  });
  await using scene = await vendorScene('snowflake', manners, { credentials: withRedirect });
  scene.engine.start();
  for (let minute = 0; minute < 60; minute += 1) {
    expect(await scene.call()).toBe(200);
    await scene.clock.advance(MINUTE_MS);
  }
  const refreshes = scene.server.log.count({ operation: 'refresh' });
  expect(refreshes).toBeGreaterThanOrEqual(5);
  expect(refreshes).toBeLessThanOrEqual(10);
  expect(scene.server.log.count({ outcome: 'token_rejected' })).toBe(0);
  expect(scene.requests[0]?.headers.authorization).toBe(basic('client-1', 'shh-client'));
});
