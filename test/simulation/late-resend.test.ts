import { expect, test } from '@jest/globals';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;
const person = { username: 'ada', password: 'correct horse battery' };

test('F45 a resend that was decided within the grace, and held up past it, is not sent', async () => {
  const simulation = watchedSimulation({ seed: 1 });
  const { authority } = simulation.serve(
    'https://crm.test',
    (time) =>
      new AuthRefreshAuthority({
        time,
        accounts: [{ accountId: 'crm', ...person }],
        rules: { accessLifeMs: 10 * minute, rotation: { kind: 'grace', graceMs: minute } },
      }),
  );
  const refreshToken = { singleUse: true, reuseGraceMs: minute } as const;
  const options = {
    host: simulation.host('machine'),
    providers: [authRefresh({ id: 'crm', baseUrl: 'https://crm.test', refreshToken })],
    accounts: [{ provider: 'crm', account: 'crm', credentials: person }],
  };
  // Dies with the reply of its refresh on the wire: in doubt, and within the grace.
  const first = await simulation.start('service', {
    ...options,
    onCrashPoint: (point) =>
      point === 'CP5' && authority.log.count({ operation: 'refresh' }) > 0 ? 'dies' : undefined,
  });
  while (first.isAlive) await simulation.play(100);

  let isHeldUp = false;
  const next = simulation.service('service', {
    ...options,
    onCrashPoint(point) {
      if (point !== 'CP0' || isHeldUp) return undefined;
      isHeldUp = true;
      void next.pause(100 * second);
      return undefined;
    },
  });
  await simulation.playUntil(next.open());
  await simulation.play(5 * minute);
  expect(isHeldUp).toBe(true);
  expect(authority.log.replays()).toHaveLength(0);
  expect(authority.log.logins()).toHaveLength(2);
});
