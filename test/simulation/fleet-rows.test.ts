import { describe, expect, test } from '@jest/globals';
import type { LogEntry } from '@tokenkeep/testing';
import type { Service, ServiceOptions, Simulation } from '@tokenkeep/testing/simulation';
import { authRefreshAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `account-${index}`);
}

/** Processes of one service, three to a machine, all started in the same second. */
async function startAll(simulation: Simulation, options: ServiceOptions, count: number) {
  const services = Array.from({ length: count }, (_, index) =>
    simulation.service(`service-${index}`, {
      ...options,
      host: simulation.host(`host-${Math.floor(index / 3)}`),
    }),
  );
  await simulation.playUntil(Promise.all(services.map((service) => service.open())));
  return services;
}

/** Names of accounts that are handed no token the server takes. */
async function without(
  simulation: Simulation,
  service: Service,
  names: readonly string[],
  accepts: (token: string) => boolean,
) {
  const asked = names.map(async (name) => {
    const token = await service.getToken(name).catch(() => undefined);
    return token !== undefined && accepts(token.reveal()) ? [] : [name];
  });
  return (await simulation.playUntil(Promise.all(asked))).flat();
}

describe('F16 thirty processes over two hundred accounts of one life', () => {
  const names = namesOf(200);
  const binMs = 10 * second;
  /** A fifth of an hour: what an hour's token has for its renewal, before jitter. */
  const advisoryMs = 12 * minute;
  const mean = (names.length * binMs) / advisoryMs;

  test('start together, and start together again after a night: the load is even each time', async () => {
    const simulation = watchedSimulation();
    const { server, ...setup } = authRefreshAccounts(simulation, { names });
    const { log, truth } = server.authority;
    const firstAt = simulation.time.now();
    let services = await startAll(simulation, setup, 30);
    await simulation.play(advisoryMs);
    expect(log.logins()).toHaveLength(names.length);
    expect(peak(log.entries, firstAt, binMs)).toBeLessThanOrEqual(3 * mean);

    for (const service of services) service.kill();
    await simulation.play(8 * hour);
    const againAt = simulation.time.now();
    services = await startAll(simulation, setup, 30);
    await simulation.play(advisoryMs);
    expect(peak(log.entries, againAt, binMs)).toBeLessThanOrEqual(3 * mean);
    expect(log.between(againAt, simulation.time.now())).toHaveLength(names.length);
    const [service] = services as [Service];
    const accepts = (token: string) => truth.accepts(token);
    expect(await without(simulation, service, names, accepts)).toEqual([]);
  });
});

describe('F50 every refresh of forty accounts is refused for ten minutes', () => {
  const names = namesOf(40);

  test.each([
    ['three processes', false],
    ['three processes, of which one crashes each minute', true],
  ])(
    '%s: a few are tested, five log in at most, and all heal without a person',
    async (_, crashes) => {
      const simulation = watchedSimulation();
      const { server, ...setup } = authRefreshAccounts(simulation, { names });
      const { log, truth } = server.authority;
      const accepts = (token: string) => truth.accepts(token);
      const services = await startAll(simulation, setup, 3);
      const peopleAsked: string[] = [];
      simulation.watch({
        told(_process, event, { account = '' }) {
          if (event === 'account:reauthorization_required') peopleAsked.push(account);
        },
      });
      // Some are due for a renewal by now, and all will be in the ten minutes that follow.
      await simulation.play(42 * minute);

      const beganAt = simulation.time.now();
      truth.refuseAllRefreshTokens();
      for (let minutes = 0; minutes < 10; minutes += 1) {
        await simulation.play(minute);
        const [service] = services as [Service];
        expect(await without(simulation, service, names, accepts)).toEqual([]);
        if (!crashes) continue;
        services.shift()?.kill();
        services.push(...(await startAll(simulation, setup, 1)));
      }
      const incident = log.between(beganAt, simulation.time.now());
      const refused = incident.filter(({ outcome }) => outcome === 'refused');
      expect(new Set(refused.map(({ accountId }) => accountId)).size).toBeLessThanOrEqual(5 + 8);
      expect(refused.length).toBeGreaterThanOrEqual(8);

      truth.refuseAllRefreshTokens(false);
      await simulation.play(90 * minute);
      const [service] = services as [Service];
      expect(await without(simulation, service, names, accepts)).toEqual([]);
      const logins = log.logins().filter(({ at }) => at >= beganAt);
      expect(logins.length).toBeLessThanOrEqual(5);
      expect(peopleAsked).toEqual([]);
    },
  );
});

/** The most requests in any ten seconds of a fixed grid. */
function peak(entries: readonly LogEntry[], from: number, binMs: number): number {
  const bins = new Map<number, number>();
  for (const { at } of entries) {
    if (at < from) continue;
    const bin = Math.floor((at - from) / binMs);
    bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }
  return Math.max(...bins.values());
}
