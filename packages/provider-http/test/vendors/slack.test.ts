import { expect, test } from '@jest/globals';
import { fault, jsonReply } from '@tokenkeep/testing';
import { formOf, vendorScene } from './vendor-scene.js';
import type { Manners } from './vendor-server.js';

const HOUR_MS = 3_600_000;
const credentials = { clientId: 'id', clientSecret: 'shh-slack', code: 'code-slack' };

const manners: Manners = {
  route: ({ path }) => {
    if (path === '/api/auth.revoke') return 'revoke';
    return path === '/api/oauth.v2.access' ? 'obtain' : 'api';
  },
  accepts: (request) => formOf(request).code === 'code-slack',
  tokens: (set, { seconds }) => ({
    ok: true,
    access_token: set.accessToken,
    refresh_token: set.refresh?.token,
    expires_in: seconds,
    token_type: 'bot',
    team: { id: 'T1' },
  }),
  refusal: () => jsonReply(200, { ok: false, error: 'invalid_refresh_token' }),
  rejection: () => jsonReply(200, { ok: false, error: 'token_expired' }),
  rules: { accessLifeMs: 12 * HOUR_MS },
};

/** One path for both: the form says which. */
const both: Manners = {
  ...manners,
  route: (request) => {
    const asked = manners.route(request);
    return asked === 'obtain' && formOf(request).grant_type === 'refresh_token' ? 'refresh' : asked;
  },
  refreshToken: (request) => formOf(request).refresh_token,
};

test('Slack: a code is exchanged, and the pair rotates twelve hours later', async () => {
  await using scene = await vendorScene('slack', both, { credentials });
  await scene.token();
  await scene.clock.advance(12 * HOUR_MS);
  await scene.token();
  expect(scene.requests.map(formOf)).toEqual([
    { client_id: 'id', client_secret: 'shh-slack', code: 'code-slack' },
    {
      client_id: 'id',
      client_secret: 'shh-slack',
      grant_type: 'refresh_token',
      refresh_token: expect.any(String),
    },
  ]);
  expect(scene.server.log.replays()).toEqual([]);
});

test('Slack: {"ok":false} with HTTP 200 ends the grant by its word, and a 429 does not', async () => {
  await using scene = await vendorScene('slack', both, { credentials });
  await scene.token();
  await scene.clock.advance(12 * HOUR_MS);
  const limited = fault.json({ ok: false, error: 'ratelimited' }, 429);
  scene.server.faults.next('refresh', limited);
  await scene.token();
  scene.server.truth.killRefreshToken('main');
  await scene.clock.advance(12 * HOUR_MS);
  await scene.token();
  expect(scene.server.log.entries.map(({ operation, outcome }) => [operation, outcome])).toEqual([
    ['obtain', 'issued'],
    ['refresh', 'faulted'],
    ['refresh', 'issued'],
    ['refresh', 'refused'],
    ['obtain', 'issued'],
  ]);
});

test('Slack: the API refuses a dead token with HTTP 200, and the call is repeated with a new one', async () => {
  await using scene = await vendorScene('slack', both, { credentials });
  await scene.token();
  scene.server.truth.revokeAccess('main');
  expect(await scene.call()).toBe(200);
  expect(scene.server.log.count({ operation: 'refresh', outcome: 'issued' })).toBe(1);
  expect(scene.server.log.last).toMatchObject({ operation: 'api', outcome: 'served' });
});

test('Slack: fatal_error with HTTP 200 may have come after the rotation: the token is not sent again', async () => {
  await using scene = await vendorScene('slack', both, { credentials });
  await scene.token();
  await scene.clock.advance(12 * HOUR_MS);
  scene.server.faults.next('refresh', fault.json({ ok: false, error: 'fatal_error' }));
  await scene.token().catch(() => {});
  await scene.clock.advance(HOUR_MS);
  await scene.token();
  expect(scene.server.log.count({ operation: 'refresh' })).toBe(1);
  expect(scene.server.log.replays()).toEqual([]);
});

test('Slack: ratelimited with HTTP 200 was not served: nobody has to log in', async () => {
  await using scene = await vendorScene('slack', both, { credentials });
  await scene.token();
  await scene.clock.advance(12 * HOUR_MS);
  scene.server.faults.next('refresh', fault.json({ ok: false, error: 'ratelimited' }));
  await scene.token().catch(() => {});
  await scene.clock.advance(HOUR_MS);
  await scene.token();
  expect(scene.server.log.logins()).toHaveLength(1);
});
