import { expect, test } from '@jest/globals';
import { RestartingFleet } from './restarting-fleet.js';
import { chatAppAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test.each([
  { crashEvery: '20 s', crashEveryMs: 20 * second, days: 1.1 },
  { crashEvery: '5 min', crashEveryMs: 5 * minute, days: 8 },
])(
  "F67 for $days days every login's refresh token dies, one of 8 processes crashes each $crashEvery, clocks step by a day: never more than 90 logins in 24 h",
  async ({ crashEveryMs, days }) => {
    const simulation = watchedSimulation();
    // A token lives for ten minutes and cannot be refreshed: 144 logins a day would be used.
    const { server, ...setup } = chatAppAccounts(simulation, {
      rules: { accessLifeMs: 10 * minute },
    });
    const { log, truth } = server.authority;
    simulation.watch({
      processed(_send, { operation, accountId }) {
        if (operation === 'obtain' && accountId !== undefined) truth.killRefreshToken(accountId);
      },
    });
    const hosts = Array.from({ length: 8 }, (_, place) => simulation.host(`host-${place % 4}`));
    // Tokens are renewed when callers want them: the schedule has little to add.
    const parameters = { schedulePollMs: hour, accountsPollMs: day };
    const fleet = new RestartingFleet(simulation, { ...setup, parameters }, hosts);
    const dice = simulation.kernel.diceFor('crashes');

    while (simulation.now < days * day) {
      const asked = dice.whole(0, 7);
      fleet
        .at(asked)
        ?.getToken('crm')
        .catch(() => {});
      // Half of the crashes hit the one that is about to log in.
      const soonMs = dice.between(0, 500);
      await simulation.play(soonMs);
      fleet.kill(dice.chance(0.5) ? asked : dice.whole(0, 7));
      dice.pick(hosts).stepWall(dice.pick([-day, day]));
      await simulation.play(crashEveryMs - soonMs);
    }
    expect(fleet.kills).toBeGreaterThanOrEqual((days * day) / crashEveryMs);
    expect(log.maxPerRollingWindow('obtain', day)).toBeLessThanOrEqual(90);
    // What crashed before its request left is spent as well.
    expect(log.count({ operation: 'obtain' })).toBeGreaterThan(80 * days);
    expect(log.count({ outcome: 'throttled' })).toBe(0);
  },
  300_000,
);

test('F67 F11 a machine that reboots each ten minutes, its clock a year off each time: never more than 90 logins in 24 h', async () => {
  const simulation = watchedSimulation({ store: { embeddedIn: 'host' } });
  const host = simulation.host('host');
  const { server, ...setup } = chatAppAccounts(simulation, {
    rules: { accessLifeMs: 10 * minute },
  });
  const { log, truth } = server.authority;
  const days = 2;
  for (let boots = 0; boots < days * 24 * 6; boots += 1) {
    const service = await simulation.start('service', { ...setup, host });
    await simulation.playUntil(service.getToken('crm').catch(() => {}));
    truth.killRefreshToken('crm');
    await simulation.play(9 * minute);
    host.powerOff();
    host.stepWall(365 * day * (-1) ** boots);
    await simulation.play(minute);
    host.powerOn();
  }
  expect(log.maxPerRollingWindow('obtain', day)).toBeLessThanOrEqual(90);
  // The minutes it was off are not counted: the quota refills a little later.
  expect(log.count({ operation: 'obtain' })).toBeGreaterThan(70 * days);
  expect(log.count({ outcome: 'throttled' })).toBe(0);
}, 300_000);
