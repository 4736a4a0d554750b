import { expect, test } from '@jest/globals';
import { fault, jsonReply, type ServerRequest } from '@tokenkeep/testing';
import { testCall } from '../../../../test/providers/test-call.js';
import { httpProvider } from '../../src/index.js';
import { declarationOf, vendorScene } from './vendor-scene.js';
import type { Manners } from './vendor-server.js';

const MINUTE_MS = 60_000;
const credentials = { username: 'ada', password: 'pw-kuzzle' };
const bearer = ({ headers }: ServerRequest) => headers.authorization?.replace('Bearer ', '');
const json = ({ body }: ServerRequest) => JSON.parse(body.toString() || '{}');

/** The access token is the refresh token: what is used is dead. */
function manners(): Manners {
  const refreshOf = new Map<string, string>();
  return {
    route: ({ path }) => {
      const routes = {
        '/_login/local': 'obtain',
        '/_refreshToken': 'refresh',
        '/_logout': 'revoke',
        '/_checkToken': 'inspect',
      } as const;
      return routes[path as keyof typeof routes] ?? 'api';
    },
    accepts: (request) => json(request).password === 'pw-kuzzle',
    refreshToken: (request) => refreshOf.get(bearer(request) ?? ''),
    accessToken: (request) => json(request).token ?? bearer(request),
    tokens: (set, { endsAt, now }) => {
      refreshOf.set(set.accessToken, set.refresh?.token ?? '');
      const result = { _id: 'ada', jwt: set.accessToken, expiresAt: endsAt, ttl: endsAt - now };
      return { status: 200, error: null, result };
    },
    refusal: () => jsonReply(401, { status: 401, error: { id: 'security.token.invalid' } }),
    inspection: (valid) => jsonReply(200, { error: null, result: { valid } }),
    rejection: () => jsonReply(401, { error: { id: 'security.token.expired' } }),
    rules: { refreshEndsOldAccess: true },
  };
}

test('Kuzzle: the current token refreshes itself, ahead of its end in milliseconds', async () => {
  await using scene = await vendorScene('kuzzle', manners(), { credentials });
  const first = await scene.token();
  scene.engine.start();
  await scene.clock.advance(58 * MINUTE_MS);
  expect(await scene.token()).not.toBe(first);
  const refresh = scene.requests.find(({ path }) => path === '/_refreshToken');
  expect(refresh?.headers.authorization).toBe(`Bearer ${first}`);
  expect(refresh?.body.length).toBe(0);
});

test('Kuzzle: a token that has ended refreshes nothing, so the login is repeated without a try', async () => {
  await using scene = await vendorScene('kuzzle', manners(), { credentials });
  await scene.token();
  await scene.clock.advance(61 * MINUTE_MS);
  await scene.token();
  expect(scene.requests.map(({ path }) => path)).toEqual(['/_login/local', '/_login/local']);
});

test('Kuzzle: a token can be asked about, and revoked', async () => {
  await using scene = await vendorScene('kuzzle', manners(), { credentials });
  const { secret } = await scene.clock.runUntil(scene.engine.getToken('main'));
  const provider = httpProvider({ ...declarationOf('kuzzle'), baseUrl: scene.server.url });
  const call = testCall();
  expect(await provider.inspect?.(secret, call)).toEqual({ active: true });
  await provider.revoke?.({ accessToken: secret }, call);
  expect(await provider.inspect?.(secret, call)).toEqual({ active: false });
});

test('Kuzzle: an error of its own while it looks at a token ends no token', async () => {
  await using scene = await vendorScene('kuzzle', manners(), { credentials });
  await scene.token();
  const error = { id: 'security.token.verification_error' };
  scene.server.faults.next('api', fault.json({ error }, 500));
  expect(await scene.call()).toBe(500);
  expect(scene.requests.map(({ path }) => path)).toEqual(['/_login/local']);
});
