import { expect, test } from '@jest/globals';
import { fault, jsonReply } from '@tokenkeep/testing';
import { oauthManners, withCode } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const MINUTE_MS = 60_000;

const manners = oauthManners('/oauth2/v3/token', {
  refusal: () => jsonReply(500, { error: 'invalid_grant' }),
  rejection: () => denied('ACCESS_TOKEN_EXPIRED'),
  rules: { accessLifeMs: 15 * MINUTE_MS, rotation: { kind: 'reusable' } },
});
const denied = (error: string) => jsonReply(401, { response: { rmsg: { error } } });

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

test('CyberSource: HTTP 500 to a refresh, without a word, is asked again, and nobody has to log in', async () => {
  await using scene = await vendorScene('cybersource', manners, { credentials: withCode });
  await scene.token();
  await scene.clock.advance(15 * MINUTE_MS);
  scene.server.faults.next('refresh', fault.json({ status: 'SERVER_ERROR' }, 500));
  await scene.token().catch(() => {});
  await scene.clock.advance(5 * MINUTE_MS);
  await scene.token();
  expect(scene.server.log.logins()).toHaveLength(1);
  expect(scene.server.log.count({ operation: 'refresh', outcome: 'issued' })).toBe(1);
});

test('CyberSource: of its 401s only ACCESS_TOKEN_EXPIRED is of the token', async () => {
  await using scene = await vendorScene('cybersource', manners, { credentials: withCode });
  await scene.token();
  const body = { response: { rmsg: { error: 'UNAUTHORIZED_PARTNER' } } };
  scene.server.faults.next('api', fault.json(body, 401));
  expect(await scene.call()).toBe(401);
  expect(scene.server.log.count({ operation: 'refresh' })).toBe(0);
  scene.server.truth.revokeAccess('main');
  expect(await scene.call()).toBe(200);
  expect(scene.server.log.count({ operation: 'refresh' })).toBe(1);
});
