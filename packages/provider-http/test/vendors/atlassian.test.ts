import { expect, test } from '@jest/globals';
import { fault, jsonReply } from '@tokenkeep/testing';
import { oauthManners, withRedirect } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const MINUTE_MS = 60_000;

const manners = oauthManners('/oauth/token', {
  refusal: (operation) =>
    operation === 'refresh'
      ? jsonReply(403, {
          error: 'invalid_grant',
          error_description: 'Unknown or invalid refresh token.',
        })
      : jsonReply(400, { error: 'invalid_grant' }),
  rules: { rotation: { kind: 'grace', graceMs: 10 * MINUTE_MS } },
});

test('Atlassian: a lost reply is healed within the leeway, and the family lives', async () => {
  await using scene = await vendorScene('atlassian', manners, { credentials: withRedirect });
  await scene.token();
  await scene.clock.advance(60 * MINUTE_MS);
  scene.server.faults.next('refresh', fault.dropAfterProcessing());
  await scene.token().catch(() => {});
  await scene.clock.advance(3 * MINUTE_MS);
  await scene.token();
  expect(scene.server.truth.family('main')?.revoked).toBeFalsy();
  expect(scene.server.log.logins()).toHaveLength(1);
});

test('Atlassian: after the leeway a token in doubt is not sent again: that would end the family', async () => {
  await using scene = await vendorScene('atlassian', manners, { credentials: withRedirect });
  await scene.token();
  await scene.clock.advance(60 * MINUTE_MS);
  scene.server.faults.next('refresh', fault.dropAfterProcessing());
  await scene.token().catch(() => {});
  scene.clock.suspend(15 * MINUTE_MS);
  await scene.clock.advance(1);
  await scene.token().catch(() => {});
  expect(scene.server.log.where({ operation: 'refresh', familyRevoked: true })).toEqual([]);
});

test('Atlassian: 403 with "Unknown or invalid refresh token." is a dead grant, at once', async () => {
  await using scene = await vendorScene('atlassian', manners, { credentials: withRedirect });
  await scene.token();
  scene.server.truth.killRefreshToken('main');
  await scene.clock.advance(60 * MINUTE_MS);
  await scene.token();
  expect(scene.server.log.logins()).toHaveLength(2);
  expect(scene.server.log.count({ operation: 'refresh' })).toBe(1);
});

test('Atlassian: access_denied is about the app, and ends nobody', async () => {
  await using scene = await vendorScene('atlassian', manners, { credentials: withRedirect });
  await scene.token();
  await scene.clock.advance(60 * MINUTE_MS);
  scene.server.faults.next('refresh', fault.json({ error: 'access_denied' }, 403));
  await expect(scene.token()).rejects.toMatchObject({ code: 'CONFIGURATION_CLIENT_REJECTED' });
  expect(scene.server.log.logins()).toHaveLength(1);
});
