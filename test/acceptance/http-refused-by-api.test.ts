import { expect, test } from '@jest/globals';
import type { TokenEngine } from '@tokenkeep/core';
import { authorizedFetch } from '@tokenkeep/http';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { expectFiveMinutesApart, waysOfRenewal } from './refused-tokens.js';
import { authRefreshWorld, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** An authorized fetch for whose requests virtual time waits. */
function crmFetch(world: World, engine: TokenEngine) {
  return authorizedFetch(engine, 'crm', {
    fetch: (url, init) => world.clock.track(() => fetch(url, init)),
  });
}

test.each(waysOfRenewal)(
  'F49 P7 %s: through the fetch, a token revoked early costs one refresh for all who are refused',
  async (_, make) => {
    await using world = new World();
    const { server, ...setup } = await make(world);
    const engine = await world.engine(setup);
    const crm = crmFetch(world, engine);
    const old = await world.run(engine.getToken('crm'));
    await world.clock.advance(10 * minute);
    server.truth.revokeAccess('crm');
    const calls = Array.from({ length: 50 }, (_each, index) => crm(`${server.url}/v1/${index}`));
    for (const reply of await world.run(Promise.all(calls))) expect(reply.status).toBe(200);
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
    // Late word of the old token.
    for (let time = 0; time < 100; time += 1) engine.reject('crm', old.generation);
    await world.clock.advance(10 * minute);
    expect(server.log.count({ operation: 'refresh' })).toBe(1);
    expect(server.log.logins()).toHaveLength(1);
  },
);

test.each(waysOfRenewal)(
  'F49 %s: through the fetch, a permission error is answered as such each time, for a renewal per 5 min',
  async (_, make) => {
    await using world = new World();
    const { server, ...setup } = await make(world);
    const engine = await world.engine(setup);
    const crm = crmFetch(world, engine);
    await world.run(engine.getToken('crm'));
    server.truth.rejectAllAccessTokens();
    const before = server.log.length;
    const [expected] = 'deadTokenStatus' in server ? [server.deadTokenStatus] : [403];
    for (let passed = 0; passed < hour; passed += 36 * second) {
      const calls = Array.from({ length: 5 }, () => crm(`${server.url}/v1/forbidden`));
      for (const reply of await world.run(Promise.all(calls))) {
        expect(reply.status).toBe(expected);
        // Still to be read, though it was looked into.
        expect(await world.run(reply.json())).toMatchObject({ success: false });
      }
      await world.clock.advance(36 * second);
    }
    const asked = server.log.entries.slice(before).filter(({ operation }) => operation !== 'api');
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expectFiveMinutesApart(asked);
    expect(asked.length).toBeLessThanOrEqual(12);
    expect(server.log.logins()).toHaveLength(1);
  },
);

test('F49 through the fetch, a 403 is an answer and no refusal, unless the provider says so', async () => {
  for (const [statuses, refreshes] of [
    [undefined, 0],
    [[401, 403], 1],
  ] as const) {
    await using world = new World();
    const { server, ...setup } = await authRefreshWorld(world, {
      provider: statuses === undefined ? {} : { rejectionStatuses: statuses },
    });
    server.deadTokenStatus = 403;
    const engine = await world.engine(setup);
    await world.run(engine.getToken('crm'));
    server.truth.rejectAllAccessTokens();
    const reply = await world.run(crmFetch(world, engine)(`${server.url}/v1/orders`));
    expect(reply.status).toBe(403);
    expect(server.log.count({ operation: 'refresh' })).toBe(refreshes);
  }
});

test('F49 through the fetch, a refused token without a successor is an error that says when to come back', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(10 * minute);
  server.truth.revokeAccess('crm');
  server.faults.always('refresh', fault.retryAfter(429, '600'));
  const crm = crmFetch(world, engine);
  const error = await failureOf(world.run(crm(`${server.url}/v1/orders`)));
  expect(error).toMatchObject({ code: 'TOKEN_REFUSED', retryable: true });
  expect(error.retryAt).toBeGreaterThan(world.clock.now());
  server.faults.clear();
  await world.clock.advance(15 * minute);
  expect((await world.run(crm(`${server.url}/v1/orders`))).status).toBe(200);
});
