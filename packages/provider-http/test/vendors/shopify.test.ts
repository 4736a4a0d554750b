import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { bodyOf, oauthManners, withCode } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const HOUR_MS = 3_600_000;

test('Shopify: after a lost reply the old refresh token works once more, as the new one is unused', async () => {
  const manners = oauthManners('/admin/oauth/access_token', {
    accessToken: ({ headers }) => String(headers['x-shopify-access-token']),
    rules: { refreshEndsOldAccess: true, rotation: { kind: 'grace', graceMs: 90 * 24 * HOUR_MS } },
  });
  await using scene = await vendorScene('shopify', manners, { credentials: withCode });
  const first = await scene.token();
  expect(await scene.call()).toBe(200);
  await scene.clock.advance(HOUR_MS);
  scene.server.faults.next('refresh', fault.dropAfterProcessing());
  await scene.token().catch(() => {});
  await scene.clock.advance(5 * 60_000);
  expect(await scene.token()).not.toBe(first);
  expect(scene.server.log.where({ operation: 'refresh' })).toHaveLength(2);
  expect(scene.server.log.logins()).toHaveLength(1);
  expect(bodyOf(scene.requests[0] as never)).toMatchObject({ code: 'good-code', expiring: '1' });
});
