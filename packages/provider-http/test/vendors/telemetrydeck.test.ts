import { expect, test } from '@jest/globals';
import { jsonReply } from '@tokenkeep/testing';
import { oauthManners } from './oauth-manners.js';
import { basic, vendorScene } from './vendor-scene.js';

const HOUR_MS = 3_600_000;
const credentials = { email: 'ada@example.com', password: 'pw: telemetry' };

const manners = oauthManners('/api/v3/users/login', {
  route: ({ path }) => (path === '/api/v3/users/login' ? 'obtain' : 'api'),
  accepts: ({ headers }) => headers.authorization === basic('ada@example.com', 'pw: telemetry'),
  tokens: (set, { endsAt }) => ({
    value: set.accessToken,
    expiresAt: new Date(endsAt)
      .toISOString()
      .replace('.000Z', '+0000')
      .replace(/\.\d+Z/, '+0000'),
  }),
  refusal: () => jsonReply(401, { error: true, reason: 'Unauthorized' }),
  rules: { accessLifeMs: 48 * HOUR_MS },
});

test('TelemetryDeck: an offset without colon is read, relative to the server, whose clock is off', async () => {
  await using scene = await vendorScene('telemetrydeck', manners, { credentials });
  scene.server.dateSkewMs = -5 * HOUR_MS;
  await scene.token();
  await scene.clock.advance(47 * HOUR_MS);
  await scene.token();
  expect(scene.requests).toHaveLength(1);
  await scene.clock.advance(HOUR_MS);
  await scene.token();
  expect(scene.requests).toHaveLength(2);
  expect(scene.requests[1]?.body.length).toBe(0);
});

test('TelemetryDeck: a wrong password is tried once', async () => {
  await using scene = await vendorScene('telemetrydeck', manners, {
    credentials: { ...credentials, password: 'wrong' },
  });
  for (let tries = 0; tries < 3; tries += 1) {
    await expect(scene.token()).rejects.toMatchObject({ code: 'CREDENTIALS_REJECTED' });
    await scene.clock.advance(HOUR_MS);
  }
  expect(scene.requests).toHaveLength(1);
});
