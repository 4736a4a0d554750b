import { expect, test } from '@jest/globals';
import { fault, jsonReply } from '@tokenkeep/testing';
import { oauthManners, withCode } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const MINUTE_MS = 60_000;

const manners = oauthManners('/oauth2/v3/token', {
  refusal: () => jsonReply(500, { error: 'invalid_grant' }),
  rules: { accessLifeMs: 15 * MINUTE_MS },
});

test('CyberSource: HTTP 500 with invalid_grant is a dead grant, and a login follows', async () => {
  await using scene = await vendorScene('cybersource', manners, { credentials: withCode });
  await scene.token();
  scene.server.truth.killRefreshToken('main');
  await scene.clock.advance(15 * MINUTE_MS);
  await scene.token();
  expect(scene.server.log.entries.map(({ operation, outcome }) => [operation, outcome])).toEqual([
    ['obtain', 'issued'],
    ['refresh', 'refused'],
    ['obtain', 'issued'],
  ]);
});

test('CyberSource: HTTP 500 to a login, without a word, is the server that failed', async () => {
  await using scene = await vendorScene('cybersource', manners, { credentials: withCode });
  scene.server.faults.next('obtain', fault.json({ status: 'SERVER_ERROR' }, 500));
  await scene.token();
  expect(scene.server.log.logins().map(({ status }) => status)).toEqual([500, 200]);
  expect(scene.events).toEqual(['token:obtained']);
});
