import { describe, expect, test } from '@jest/globals';
import { createTokenEngine } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { steadyCallers } from './steady-callers.js';
import { authRefreshWorld, person, testKey, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** No divisor of any life here, so that callers meet every moment of one. */
const ASKED_EVERY = 1_300;

async function living(world: World, lifeMs: number) {
  return authRefreshWorld(world, {
    authority: {
      clock: world.clock,
      accounts: [{ accountId: 'crm', ...person }],
      rules: { accessLifeMs: lifeMs, refreshLifeMs: 3 * 365 * DAY },
    },
    provider: {
      lifetime: { defaultMs: lifeMs, maxMs: 400 * DAY },
      // Not looked at: half of it would be a reason of its own to renew.
      reply: { refreshLifetime: { path: 'notThere', as: 'seconds' } },
    },
  });
}

describe.each([10, 30, 61, 120])('tokens that live for %d s', (seconds) => {
  const life = seconds * SECOND;

  test.each([true, false])(
    'F14 are renewed within the caps, and served alive all the time (start(): %s)',
    async (started) => {
      await using world = new World();
      const { server, providers, accounts } = await living(world, life);
      const engine = await world.engine({ providers, accounts });
      if (started) engine.start();
      let latest = Number.NEGATIVE_INFINITY;
      const { served, servedDead } = await steadyCallers({
        clock: world.clock,
        everyMs: ASKED_EVERY,
        forMs: HOUR + MINUTE,
        ask: () => engine.getToken('crm'),
        accepts: (token) => {
          const end = server.truth.tokens.set(token.reveal())?.accessEndsAt ?? 0;
          latest = Math.max(latest, token.expiresAt - end);
          return server.truth.accepts(token.reveal());
        },
      });
      const asked = Math.ceil((HOUR + MINUTE) / ASKED_EVERY);
      expect(servedDead).toBe(0);
      // The local end is before the true one, always.
      expect(latest).toBeLessThan(0);
      expect(served).toBeGreaterThanOrEqual(0.95 * asked);

      const cap = Math.max(6, 2 * Math.ceil(HOUR / life));
      expect(server.log.maxPerRollingWindow('refresh', HOUR)).toBeLessThanOrEqual(cap);
      // Renewed ahead, and not twice in one life.
      const [first = { at: 0 }, ...renewals] = server.log.entries;
      const gaps = renewals.map(({ at }, index) => at - (renewals[index - 1] ?? first).at);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.49 * life);
      expect(Math.max(...gaps)).toBeLessThan(life);
    },
  );

  test('F14 are served most of the time also by a provider that is slow to reply', async () => {
    await using world = new World();
    const { server, providers, accounts } = await living(world, life);
    const { clock } = world;
    server.onProcessed(() => clock.sleep(400));
    const engine = await world.engine({ providers, accounts });
    engine.start();
    const { served, servedDead } = await steadyCallers({
      clock,
      everyMs: ASKED_EVERY,
      forMs: 20 * MINUTE,
      ask: () => engine.getToken('crm'),
      accepts: (token) => server.truth.accepts(token.reveal()),
    });
    expect(servedDead).toBe(0);
    expect(served).toBeGreaterThanOrEqual((0.8 * 20 * MINUTE) / ASKED_EVERY);
  });
});

describe.each([30, 365])('tokens that live for %d days', (days) => {
  const life = days * DAY;

  test('F01 are renewed once, in the last tenths of their life and before their end', async () => {
    await using world = new World();
    const { server, providers, accounts } = await living(world, life);
    const parameters = { schedulePollMs: HOUR };
    const engine = await world.engine({ providers, accounts, parameters });
    engine.start();
    await world.run(engine.getToken('crm'));

    expect(Math.max(...world.clock.pendingSleeps())).toBeLessThanOrEqual(6 * HOUR);
    await world.clock.advance(life);
    const [login = { at: 0 }, renewal, ...more] = server.log.entries;
    expect([renewal?.operation, more]).toEqual(['refresh', []]);
    expect((renewal?.at ?? 0) - login.at).toBeGreaterThanOrEqual(0.6 * life);
    expect((renewal?.at ?? 0) - login.at).toBeLessThan(life - SECOND);
  });

  test('F01 cost one request in real time, where a timer too long fires at once', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const server = await new AuthRefreshAuthority({
      accounts: [{ accountId: 'crm', ...person }],
      rules: { accessLifeMs: life },
    }).start();
    const engine = await createTokenEngine({
      providers: [
        authRefresh({
          id: 'crm-api',
          baseUrl: server.url,
          lifetime: { defaultMs: life, maxMs: 400 * DAY },
        }),
      ],
      accounts: [{ provider: 'crm-api', account: 'crm', credentials: person }],
      keyring: [testKey],
      allowInsecureLoopback: true,
      // Nothing shortens the sleep until the renewal.
      parameters: { schedulePollMs: life },
    });
    try {
      engine.start();
      const first = await engine.getToken('crm');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect((await engine.getToken('crm')).reveal()).toBe(first.reveal());
      expect(server.log.length).toBe(1);
      expect(warnings.filter(({ name }) => name === 'TimeoutOverflowWarning')).toEqual([]);
    } finally {
      process.off('warning', note);
      await engine.stop();
      await server.stop();
    }
  });
});
