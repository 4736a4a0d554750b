import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import type { Service, Simulation } from '@tokenkeep/testing/simulation';
import { authRefreshAccounts, type ServedAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const accessLifeMs = hour;
const refreshLifeMs = 14 * day;

/** How a server is away. */
const ways = {
  'is unreachable': ({ server }, _, isAway) => {
    server.isDown = isAway;
  },
  'answers 503': (_, { network }, isAway) => {
    network.rates.set('busy', isAway ? 1 : 0);
  },
} satisfies Record<string, (at: ServedAccounts, of: Simulation, isAway: boolean) => void>;

interface Outage {
  readonly says: string;
  readonly way: keyof typeof ways;
  readonly outageMs: number;
  readonly accounts: number;
  readonly heals: 'refresh' | 'obtain';
}

const outages: readonly Outage[] = [
  {
    says: '1.5 lives of the access token',
    way: 'is unreachable',
    outageMs: 1.5 * accessLifeMs,
    accounts: 20,
    heals: 'refresh',
  },
  {
    says: '1.5 lives of the access token',
    way: 'answers 503',
    outageMs: 1.5 * accessLifeMs,
    accounts: 20,
    heals: 'refresh',
  },
  {
    says: '13.9 of the 14 days of the refresh token',
    way: 'is unreachable',
    outageMs: 13.9 * day,
    accounts: 1,
    heals: 'refresh',
  },
  {
    says: '15 days, and the refresh token lives for 14',
    way: 'is unreachable',
    outageMs: 15 * day,
    accounts: 1,
    heals: 'obtain',
  },
];

/** Thousands of errors, and nobody reads where they were made. */
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

test.each(outages)(
  'F40 the provider $way for $says: few requests, each token served to its end, healed by one $heals each',
  async ({ way, outageMs, accounts, heals }) => {
    const simulation = watchedSimulation();
    const names = Array.from({ length: accounts }, (_, index) => `account-${index}`);
    const served = authRefreshAccounts(simulation, {
      names,
      rules: { accessLifeMs, refreshLifeMs },
    });
    const { server, ...setup } = served;
    const { log, truth } = server.authority;
    // Looked at often enough for these lives; the default would spend the test on looking.
    const parameters = { schedulePollMs: 10 * minute, accountsPollMs: day };
    const service = await simulation.start('service', { ...setup, parameters });
    for (const name of names) await simulation.playUntil(service.getToken(name));
    const ends = names.map((name) => Number(truth.current(name)?.accessEndsAt));
    let connections = 0;
    simulation.watch({
      connecting() {
        connections += 1;
      },
    });

    ways[way](served, simulation, true);
    const endsInMs = ends.map((end) => end - simulation.time.now());
    const [firstEndMs, lastEndMs] = [Math.min(...endsInMs), Math.max(...endsInMs)];
    const began = simulation.now;
    await simulation.play(firstEndMs - 5 * second);
    for (const name of names) await simulation.playUntil(service.getToken(name));
    await simulation.play(lastEndMs - (simulation.now - began));
    // Rarely, as an error is dear to make.
    while (simulation.now < began + outageMs) {
      for (const name of names) await expectDatedRefusal(simulation, service, name);
      await simulation.play(Math.min(6 * hour, began + outageMs - simulation.now));
    }
    expect(log.count({ outcome: 'issued' })).toBe(accounts);
    expect(connections).toBeLessThanOrEqual(accounts * (outageMs / (150 * second) + 10));

    ways[way](served, simulation, false);
    const healedAt = simulation.time.now();
    await simulation.play(400 * second);
    const healing = log.entries.filter(({ at }) => at >= healedAt);
    expect(healing.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual(
      names.map(() => `${heals} issued`),
    );
    expect(new Set(healing.map(({ accountId }) => accountId)).size).toBe(accounts);
    expect(mostPerSecond(healing)).toBeLessThanOrEqual(Math.max(1, accounts / 4));
    for (const name of names) {
      const token = await simulation.playUntil(service.getToken(name));
      expect(truth.accepts(token.reveal())).toBe(true);
    }
  },
);

/** Or the error of a caller who ran out of patience, and names the refusal that is dated. */
async function expectDatedRefusal(simulation: Simulation, service: Service, name: string) {
  const error = await simulation.playUntil(service.getToken(name).catch((thrown) => thrown));
  expect(TokenError.is(error) && error.retryable).toBe(true);
  const refusal = error.code === 'WAIT_TIMED_OUT' ? error.cause : error;
  expect(refusal.retryAt).toBeGreaterThan(0);
}

function mostPerSecond(entries: readonly { readonly at: number }[]): number {
  const within = entries.map(
    ({ at }) => entries.filter((other) => other.at >= at && other.at < at + second).length,
  );
  return Math.max(...within);
}
