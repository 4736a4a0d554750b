import { expect, test } from '@jest/globals';
import { fault, jsonReply } from '@tokenkeep/testing';
import { bodyOf, oauthManners, withRedirect } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const HOUR_MS = 3_600_000;

const manners = oauthManners('/oauth2/access_token', {
  accepts: (request) => bodyOf(request).code === 'good-code',
  tokens: (set, { seconds, now }) => ({
    access_token: set.accessToken,
    refresh_token: set.refresh?.token,
    expires_in: seconds,
    server_time: Math.floor(now / 1_000),
  }),
  refusal: (operation) =>
    operation === 'refresh'
      ? jsonReply(401, { hint: 'Token has been revoked', title: 'Unauthorized', status: 401 })
      : jsonReply(400, { error: 'invalid_grant', hint: 'Authorization code has been revoked' }),
  rules: { accessLifeMs: 24 * HOUR_MS },
});

test('Kommo: a refresh names the redirect URI too, in JSON, and each token is sent once', async () => {
  await using scene = await vendorScene('kommo', manners, { credentials: withRedirect });
  await scene.token();
  await scene.clock.advance(24 * HOUR_MS);
  await scene.token();
  expect(bodyOf(scene.requests[1] as never)).toEqual({
    grant_type: 'refresh_token',
    refresh_token: expect.any(String),
    client_id: 'client-1',
    client_secret: 'shh-client',
    redirect_uri: 'https://app.example/back',
  });
  expect([...scene.server.log.requestsPerGeneration().values()]).toEqual([1]);
});

test('Kommo: a server whose clock is a day off changes nothing', async () => {
  await using scene = await vendorScene('kommo', manners, { credentials: withRedirect });
  scene.server.dateSkewMs = 24 * HOUR_MS;
  await scene.token();
  await scene.clock.advance(20 * HOUR_MS);
  await scene.token();
  expect(scene.server.log.length).toBe(1);
});

test('Kommo: "Token has been revoked" ends the grant, in the words of its hint', async () => {
  await using scene = await vendorScene('kommo', manners, { credentials: withRedirect });
  await scene.token();
  scene.server.truth.killRefreshToken('main');
  await scene.clock.advance(24 * HOUR_MS);
  await scene.token();
  expect(scene.server.log.count({ operation: 'refresh' })).toBe(1);
  expect(scene.server.log.logins()).toHaveLength(2);
});

test('Kommo: "Некорректный клиент" is about the client, and ends nobody', async () => {
  await using scene = await vendorScene('kommo', manners, { credentials: withRedirect });
  await scene.token();
  await scene.clock.advance(24 * HOUR_MS);
  const body = { title: 'Некорректный клиент', status: 401 };
  scene.server.faults.next('refresh', fault.json(body, 401));
  await expect(scene.token()).rejects.toMatchObject({ code: 'CONFIGURATION_CLIENT_REJECTED' });
  expect(scene.server.log.logins()).toHaveLength(1);
});
