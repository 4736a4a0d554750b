import { expect, test } from '@jest/globals';
import { fault, jsonReply } from '@tokenkeep/testing';
import { bodyOf, oauthManners } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const HOUR_MS = 3_600_000;

test('Amazon LWA: a stable refresh token mints, and a client secret that was replaced is read anew', async () => {
  let secretThere = 'secret-1';
  let secretHere = 'secret-1';
  const manners = oauthManners('/auth/o2/token', {
    route: ({ path }) => (path === '/auth/o2/token' ? 'obtain' : 'api'),
    accepts: (request) => {
      const { grant_type, refresh_token, client_secret } = bodyOf(request);
      return (
        grant_type === 'refresh_token' &&
        refresh_token === 'Atzr|1' &&
        client_secret === secretThere
      );
    },
    refusal: () => jsonReply(401, { error: 'invalid_client' }),
  });
  const credentials = async () => ({
    clientId: 'amzn1',
    clientSecret: secretHere,
    refreshToken: 'Atzr|1',
  });
  await using scene = await vendorScene('amazon-lwa', manners, { credentials });
  await scene.token();
  secretThere = 'secret-2';
  await scene.clock.advance(HOUR_MS);
  await expect(scene.token()).rejects.toMatchObject({ code: 'CONFIGURATION_CLIENT_REJECTED' });
  expect(scene.events).not.toContain('account:reauthorization_required');
  secretHere = 'secret-2';
  await scene.clock.advance(HOUR_MS);
  await scene.token();
  expect(scene.server.log.count({ outcome: 'issued' })).toBe(2);
});

test('Amazon LWA: the token goes bare in x-amz-access-token, and a 403 that says expired renews it', async () => {
  const manners = oauthManners('/auth/o2/token', {
    route: ({ path }) => (path === '/auth/o2/token' ? 'obtain' : 'api'),
    accepts: () => true,
    accessToken: ({ headers }) => String(headers['x-amz-access-token']),
    rejection: () =>
      jsonReply(403, { errors: [{ details: 'The access token you provided has expired.' }] }),
  });
  const credentials = { clientId: 'amzn1', clientSecret: 's', refreshToken: 'Atzr|1' };
  await using scene = await vendorScene('amazon-lwa', manners, { credentials });
  await scene.token();
  scene.server.truth.revokeAccess('main');
  expect(await scene.call()).toBe(200);
  expect(scene.server.log.count({ operation: 'obtain' })).toBe(2);
});

test('Amazon LWA: a client secret that is too old is told with 403 too, and no new token is asked for', async () => {
  const manners = oauthManners('/auth/o2/token', {
    route: ({ path }) => (path === '/auth/o2/token' ? 'obtain' : 'api'),
    accepts: () => true,
    accessToken: ({ headers }) => String(headers['x-amz-access-token']),
  });
  const credentials = { clientId: 'amzn1', clientSecret: 's', refreshToken: 'Atzr|1' };
  await using scene = await vendorScene('amazon-lwa', manners, { credentials });
  await scene.token();
  const details = 'The LWA secret token you provided has expired.';
  scene.server.faults.next('api', fault.json({ errors: [{ details }] }, 403));
  expect(await scene.call()).toBe(403);
  expect(scene.server.log.count({ operation: 'obtain' })).toBe(1);
});
