import { expect, test } from '@jest/globals';
import { fault, jsonReply } from '@tokenkeep/testing';
import { vendorScene } from './vendor-scene.js';
import type { Manners } from './vendor-server.js';

const HOUR_MS = 3_600_000;
const credentials = { clientId: 'local.1', clientSecret: 'shh & +bitrix', code: 'code/bitrix' };

const manners: Manners = {
  route: ({ path, query }) => {
    if (path !== '/oauth/token/') return 'api';
    return query.get('grant_type') === 'refresh_token' ? 'refresh' : 'obtain';
  },
  accepts: ({ query }) =>
    query.get('code') === credentials.code &&
    query.get('client_secret') === credentials.clientSecret,
  refreshToken: ({ query }) => query.get('refresh_token') ?? undefined,
  tokens: (set, { seconds }) => ({
    access_token: set.accessToken,
    refresh_token: set.refresh?.token,
    expires_in: seconds,
    client_endpoint: 'https://acme.bitrix24.com/rest/',
    member_id: 'm1',
  }),
  refusal: () => jsonReply(400, { error: 'invalid_grant' }),
  rejection: () => jsonReply(401, { error: 'expired_token' }),
  rules: { refreshEndsOldAccess: true },
};

test('Bitrix24: GET with its secrets in the query, none of which is lost in the encoding', async () => {
  await using scene = await vendorScene('bitrix24', manners, { credentials });
  const first = await scene.token();
  await scene.clock.advance(HOUR_MS);
  expect(await scene.token()).not.toBe(first);
  expect(scene.requests.map(({ method, body }) => [method, body.length])).toEqual([
    ['GET', 0],
    ['GET', 0],
  ]);
  expect(scene.profile.refreshRevokesAccessToken).toBe(true);
  expect(scene.server.truth.accessState(first)).toBe('revoked');
});

test('Bitrix24: nothing of the query is in an error, though the server says all of it back', async () => {
  await using scene = await vendorScene('bitrix24', manners, { credentials });
  scene.server.faults.next('obtain', fault.echoSecrets(400));
  const error = await scene.token().catch((thrown: unknown) => thrown);
  const shown = `${JSON.stringify(error)} ${String(error)} ${(error as Error).stack}`;
  expect(error).toMatchObject({ name: 'TokenError' });
  for (const secret of ['shh & +bitrix', 'shh+%26+%2Bbitrix', 'code/bitrix', 'code%2Fbitrix']) {
    expect(shown).not.toContain(secret);
  }
});

test('Bitrix24: a code that is over is a wrong login; an unpaid portal ends nobody', async () => {
  await using scene = await vendorScene('bitrix24', manners, { credentials });
  scene.server.faults.next('obtain', fault.json({ error: 'expired_token' }, 401));
  await expect(scene.token()).rejects.toMatchObject({ code: 'CREDENTIALS_REJECTED' });
  await using other = await vendorScene('bitrix24', manners, { credentials });
  await other.token();
  await other.clock.advance(HOUR_MS);
  other.server.faults.next('refresh', fault.json({ error: 'PAYMENT_REQUIRED' }, 402));
  await expect(other.token()).rejects.toMatchObject({ code: 'CONFIGURATION_CLIENT_REJECTED' });
  expect(other.events).toEqual(['token:obtained']);
});
