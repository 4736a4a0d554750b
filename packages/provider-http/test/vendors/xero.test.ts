import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { client, oauthManners, withRedirect } from './oauth-manners.js';
import { vendorScene } from './vendor-scene.js';

const MINUTE_MS = 60_000;

test('Xero: where a reply is lost, the old refresh token is sent again within its 30 minutes', async () => {
  const manners = oauthManners('/connect/token', {
    rules: { accessLifeMs: 30 * MINUTE_MS, rotation: { kind: 'grace', graceMs: 30 * MINUTE_MS } },
  });
  await using scene = await vendorScene('xero', manners, { credentials: withRedirect });
  const first = await scene.token();
  await scene.clock.advance(30 * MINUTE_MS);
  scene.server.faults.next('refresh', fault.dropAfterProcessing());
  await scene.token().catch(() => {});
  await scene.clock.advance(2 * MINUTE_MS);
  expect(await scene.token()).not.toBe(first);
  expect(scene.server.log.where({ operation: 'refresh' }).map(({ replay }) => replay)).toEqual([
    false,
    true,
  ]);
  expect(scene.server.truth.family('main')?.revoked).toBeFalsy();
  expect(scene.server.log.logins()).toHaveLength(1);
});

test('Xero: without a code a person is asked for; imported tokens go on from there', async () => {
  const manners = oauthManners('/connect/token');
  await using scene = await vendorScene('xero', manners, { credentials: client });
  await expect(scene.token()).rejects.toMatchObject({ code: 'REAUTHORIZATION_REQUIRED' });
  expect(scene.requests).toEqual([]);
  const { refresh } = scene.server.truth.tokens.login('main', true);
  const tokens = { refreshToken: refresh?.token };
  await scene.clock.runUntil(scene.engine.accounts.import('main', tokens));
  await scene.token();
  expect(scene.server.log.entries.map(({ operation, outcome }) => [operation, outcome])).toEqual([
    ['refresh', 'issued'],
  ]);
});
