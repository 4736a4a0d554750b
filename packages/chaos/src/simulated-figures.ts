import type { TokenProvider } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { Simulation } from '@tokenkeep/testing/simulation';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const CROWD = 1_000;
const FEW = 20;

/**
 * The two figures that no run of minutes can show: they need a thousand accounts, or a day. The
 * same engine plays them in simulated time, at its default parameters.
 */
export async function simulatedFigures(): Promise<[string, string][]> {
  return [
    [`5 ${CROWD} accounts of one end, simulated: most in 10 s / mean`, await peakOverMean()],
    [`6 a day's outage, simulated: requests per account in it / after it`, await dayOfOutage()],
  ];
}

/** Tokens of an hour that were all issued in one second: how even their renewals are. */
async function peakOverMean(): Promise<string> {
  const { simulation, server, service, names } = await served(CROWD);
  await simulation.playUntil(Promise.all(names.map((name) => service.getToken(name))));
  const { log } = server.authority;
  await simulation.play(HOUR);
  const renewals = log.where({ operation: 'refresh', outcome: 'issued' });
  const times = renewals.map(({ at }) => at).sort((left, right) => left - right);
  const from = times[0] ?? 0;
  const spanMs = (times.at(-1) ?? 0) - from;
  const mean = (renewals.length * 10 * SECOND) / spanMs;
  const peak = log.maxPerRollingWindow('refresh', 10 * SECOND);
  return `${peak} / ${mean.toFixed(1)} = ${(peak / mean).toFixed(1)}`;
}

/** The server is unreachable for a day, and every account is due. */
async function dayOfOutage(): Promise<string> {
  const { simulation, server, service, names } = await served(FEW);
  await simulation.playUntil(Promise.all(names.map((name) => service.getToken(name))));
  let connections = 0;
  simulation.watch({
    connecting() {
      connections += 1;
    },
  });
  server.isDown = true;
  await simulation.play(24 * HOUR);
  const during = connections;
  server.isDown = false;
  await simulation.play(10 * MINUTE);
  const after = connections - during;
  return `${(during / FEW).toFixed(1)} / ${(after / FEW).toFixed(1)}`;
}

async function served(count: number) {
  const simulation = new Simulation();
  const names = Array.from({ length: count }, (_, index) => `account-${index}`);
  const people = names.map((name) => ({ accountId: name, username: name, password: 'pass' }));
  const baseUrl = 'https://crm-api.test';
  const server = simulation.serve(
    baseUrl,
    (time) => new AuthRefreshAuthority({ time, accounts: people }),
  );
  const service = await simulation.start('service', {
    providers: [authRefresh({ id: 'crm-api', baseUrl }) as TokenProvider],
    accounts: people.map(({ accountId, username, password }) => ({
      provider: 'crm-api',
      account: accountId,
      credentials: { username, password },
    })),
  });
  return { simulation, server, service, names };
}
