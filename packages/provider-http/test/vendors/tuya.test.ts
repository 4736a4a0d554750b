import { expect, test } from '@jest/globals';
import { jsonReply } from '@tokenkeep/testing';
import { oauthManners } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const HOUR_MS = 3_600_000;
const credentials = { clientId: 'tuya-1' };
const TOKEN = '/v1.0/token';
const hidden = '/v1.0/token/';

const manners = oauthManners(TOKEN, {
  route: ({ path }) => {
    if (path.startsWith(hidden)) return 'refresh';
    return path === TOKEN ? 'obtain' : 'api';
  },
  accepts: ({ headers, query }) =>
    headers.client_id === 'tuya-1' &&
    headers.secret === undefined &&
    query.get('grant_type') === '1',
  refreshToken: ({ path }) => decodeURIComponent(path.slice(hidden.length)),
  accessToken: ({ headers }) => String(headers.access_token),
  tokens: (set, { seconds }) => ({
    success: true,
    result: {
      access_token: set.accessToken,
      refresh_token: set.refresh?.token,
      expire_time: seconds,
    },
  }),
  refusal: () => jsonReply(200, { success: false, code: 1010, msg: 'token is expired' }),
  rejection: () => jsonReply(200, { success: false, code: 1010, msg: 'token is expired' }),
  rules: { accessLifeMs: 2 * HOUR_MS },
});

test('Tuya: the refresh token travels in the path, and expire_time counts seconds', async () => {
  await using scene = await vendorScene('tuya', manners, { credentials });
  await scene.token();
  const { refresh } = scene.server.truth.current('main') ?? {};
  await scene.clock.advance(HOUR_MS);
  await scene.token();
  expect(scene.requests).toHaveLength(1);
  await scene.clock.advance(HOUR_MS);
  await scene.token();
  expect(scene.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /v1.0/token',
    `GET /v1.0/token/${refresh?.token}`,
  ]);
});

test('Tuya: code 1010 with HTTP 200 refuses, at the API and at a refresh', async () => {
  await using scene = await vendorScene('tuya', manners, { credentials });
  await scene.token();
  scene.server.truth.revokeFamily('main');
  expect(await scene.call()).toBe(200);
  expect(scene.server.log.last).toMatchObject({ operation: 'api', outcome: 'served' });
  expect(scene.server.log.logins()).toHaveLength(2);
});
