import { expect, test } from '@jest/globals';
import { jsonReply } from '@tokenkeep/testing';
import { httpProvider } from '../../src/index.js';
import { bodyOf, oauthManners, withRedirect } from './oauth-manners.js';
import { declarationOf, vendorScene } from './vendor-scene.js';

const manners = oauthManners('/services/oauth2/token', {
  route: (request) => {
    if (request.path === '/services/oauth2/revoke') return 'revoke';
    if (request.path !== '/services/oauth2/token') return 'api';
    return bodyOf(request).grant_type === 'refresh_token' ? 'refresh' : 'obtain';
  },
  tokens: (set, { now }) => ({
    access_token: set.accessToken,
    refresh_token: set.generation === 2 ? undefined : set.refresh?.token,
    issued_at: String(now),
    instance_url: 'https://na1.salesforce.example',
  }),
  rejection: () =>
    jsonReply(401, [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired' }]),
  rules: { rotation: { kind: 'reusable' } },
});

test('Salesforce: no expires_in, so 15 minutes are taken; a reply without refresh token keeps the old', async () => {
  await using scene = await vendorScene('salesforce', manners, { credentials: withRedirect });
  const token = await scene.clock.runUntil(scene.engine.getToken('main'));
  expect(token.metadata.instanceUrl).toBe('https://na1.salesforce.example');
  for (let renewals = 0; renewals < 2; renewals += 1) {
    await scene.clock.advance(15 * 60_000);
    await scene.token();
  }
  const [, second, third] = scene.requests.map((request) => bodyOf(request).refresh_token);
  expect(third).toBe(second);
});

test('Salesforce: 401 INVALID_SESSION_ID in a list is the only sign of an end, and renews', async () => {
  await using scene = await vendorScene('salesforce', manners, { credentials: withRedirect });
  await scene.token();
  scene.server.truth.revokeAccess('main');
  expect(await scene.call()).toBe(200);
  expect(scene.server.log.count({ operation: 'refresh', outcome: 'issued' })).toBe(1);
});

test('Salesforce: a revocation names the refresh token', async () => {
  await using scene = await vendorScene('salesforce', manners, { credentials: withRedirect });
  await scene.token();
  const refreshToken = scene.server.truth.current('main')?.refresh?.token;
  await scene.clock.runUntil(scene.engine.revoke('main'));
  await scene.clock.advance(60_000);
  expect(bodyOf(scene.requests.at(-1) as never)).toEqual({ token: refreshToken });
});

test('Salesforce: the tenant is a part of the host, and can lead to no other', async () => {
  const provider = httpProvider(declarationOf('salesforce'));
  const asked: string[] = [];
  const call = (tenant: string) => ({
    target: { tenant },
    signal: new AbortController().signal,
    nothingProcessed: () => {},
    lifetimeUntil: () => undefined,
    send: async ({ url }: { url: unknown }) => {
      asked.push(String(url));
      throw new Error('not sent');
    },
  });
  const credentials = { ...withRedirect };
  for (const tenant of ['acme', 'acme--uat.sandbox']) {
    await expect(provider.obtain(credentials, call(tenant))).rejects.toThrow('not sent');
  }
  for (const tenant of ['evil.example/', 'a@evil.example', 'a#', 'a:80', '', '.', 'ä']) {
    await expect(provider.obtain(credentials, call(tenant))).rejects.toThrow(
      /is a part of the host/,
    );
  }
  expect(asked).toEqual([
    'https://acme.my.salesforce.com/services/oauth2/token',
    'https://acme--uat.sandbox.my.salesforce.com/services/oauth2/token',
  ]);
});
