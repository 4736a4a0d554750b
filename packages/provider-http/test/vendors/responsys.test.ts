import { expect, test } from '@jest/globals';
import { jsonReply } from '@tokenkeep/testing';
import { bodyOf, oauthManners } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const HOUR_MS = 3_600_000;
const credentials = { username: 'ada', password: 'pw-responsys' };

test('Responsys: the old token, bare, refreshes itself before its two hours end', async () => {
  const refreshOf = new Map<string, string>();
  const manners = oauthManners('/rest/api/v1.3/auth/token', {
    route: (request) => {
      if (request.path !== '/rest/api/v1.3/auth/token') return 'api';
      return bodyOf(request).auth_type === 'token' ? 'refresh' : 'obtain';
    },
    accepts: (request) => bodyOf(request).password === 'pw-responsys',
    refreshToken: ({ headers }) => refreshOf.get(headers.authorization ?? ''),
    accessToken: ({ headers }) => headers.authorization,
    tokens: (set, { now }) => {
      refreshOf.set(set.accessToken, set.refresh?.token ?? '');
      const endPoint = `https://api5-${set.generation}.responsys.example`;
      return { authToken: set.accessToken, issuedAt: now, endPoint };
    },
    refusal: () => jsonReply(401, { errorCode: 'TOKEN_EXPIRED' }),
    rejection: () => jsonReply(401, { errorCode: 'TOKEN_EXPIRED' }),
    rules: { accessLifeMs: 2 * HOUR_MS },
  });
  await using scene = await vendorScene('responsys', manners, { credentials });
  scene.engine.start();
  const first = await scene.token();
  await scene.clock.advance(1.95 * HOUR_MS);
  const second = await scene.clock.runUntil(scene.engine.getToken('main'));
  expect(second.metadata.endPoint).toBe('https://api5-2.responsys.example');
  expect(scene.requests[1]?.headers.authorization).toBe(first);
  expect(bodyOf(scene.requests[1] as never)).toEqual({ auth_type: 'token' });
  expect(await scene.call()).toBe(200);
});
