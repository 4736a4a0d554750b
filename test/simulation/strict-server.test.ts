import { expect, test } from '@jest/globals';
import type { LogEntry } from '@tokenkeep/testing';
import { networkFaults } from '@tokenkeep/testing/simulation';
import { RestartingFleet } from './restarting-fleet.js';
import { authRefreshAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Everything after which nobody knows whether the server has rotated. */
const doubts = [...networkFaults.before, ...networkFaults.after, ...networkFaults.slow];

async function playAgainst(inDoubt: 'never-resend' | 'resend-once', days: number) {
  const simulation = watchedSimulation({ seed: inDoubt });
  const names = ['a', 'b', 'c'];
  const { server, ...setup } = authRefreshAccounts(simulation, {
    names,
    rules: { accessLifeMs: 2 * hour },
    profile: { inDoubt },
  });
  for (const fault of doubts) simulation.network.rates.set(fault, 0.02);
  const parameters = { schedulePollMs: 5 * minute, accountsPollMs: day };
  const hosts = ['one', 'one', 'two'].map((name) => simulation.host(name));
  const fleet = new RestartingFleet(simulation, { ...setup, parameters }, hosts);
  const dice = simulation.kernel.diceFor('crashes');
  const crashes = { due: 0 };
  // Half of the crashes hit a refresh that is on its way.
  simulation.watch({
    sent({ operation }) {
      if (operation !== 'refresh' || crashes.due === 0) return;
      crashes.due -= 1;
      simulation.kernel.after(dice.between(0, 200), () => {
        for (const place of hosts.keys()) if (dice.chance(0.5)) fleet.kill(place);
      });
    },
  });
  while (simulation.now < days * day) {
    for (const name of names) {
      fleet
        .at(dice.whole(0, 2))
        ?.getToken(name)
        .catch(() => {});
    }
    await simulation.play(dice.exponential(20 * minute));
    if (dice.chance(0.05)) crashes.due += 1;
    if (dice.chance(0.05)) fleet.kill(dice.whole(0, 2));
  }
  return { log: server.authority.log, fleet };
}

test('F46 never-resend: in 20 days of crashes and lost replies, no used refresh token is presented', async () => {
  const { log, fleet } = await playAgainst('never-resend', 20);
  expect(log.count({ operation: 'refresh', outcome: 'issued' })).toBeGreaterThan(500);
  expect(fleet.kills).toBeGreaterThan(80);
  expect(log.replays()).toEqual([]);
  expect(log.count({ familyRevoked: true })).toBe(0);
  // Whatever was lost was replaced by a login.
  expect(log.count({ operation: 'obtain', outcome: 'issued' })).toBeGreaterThan(20);
}, 300_000);

test('F46 resend-once: each refresh token is presented twice at most; a family that ended costs one refusal and one login', async () => {
  const { log } = await playAgainst('resend-once', 20);
  const processed = new Map<string, number>();
  for (const entry of log.where({ operation: 'refresh' })) {
    const token = `${entry.accountId}#${entry.presentedGeneration}`;
    processed.set(token, (processed.get(token) ?? 0) + 1);
  }
  expect(Math.max(...processed.values())).toBe(2);
  const ended = log.where({ familyRevoked: true });
  expect(ended.length).toBeGreaterThan(20);
  for (const end of ended) expect(nextOf(log.entries, end)?.operation).toBe('obtain');
}, 300_000);

/** What the server was next asked for this account. */
function nextOf(entries: readonly LogEntry[], { seq, accountId }: LogEntry): LogEntry | undefined {
  return entries.find((entry) => entry.seq > seq && entry.accountId === accountId);
}
