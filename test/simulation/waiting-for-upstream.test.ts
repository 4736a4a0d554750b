import { expect, test } from '@jest/globals';
import { chainedAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const minute = 60_000;

test('I2 an account whose upstream has no login left waits with it, and does not ask every few seconds', async () => {
  const simulation = watchedSimulation();
  const { server, upstream, ...setup } = chainedAccounts(simulation, {
    rules: { accessLifeMs: 10 * minute },
    upstreamRules: { accessLifeMs: 10 * minute },
  });
  const service = await simulation.start('service', setup);
  await simulation.playUntil(service.getToken('crm'));
  // People use up what may be logged in at once, and then the session they had is ended.
  for (let logins = 0; logins < 4; logins += 1) {
    await simulation.playUntil(service.engine.login('identity'));
  }
  upstream.authority.truth.revokeFamily('identity');
  let exhausted = 0;
  simulation.watch({
    told(_process, event) {
      if (event === 'budget:exhausted') exhausted += 1;
    },
  });
  await simulation.play(60 * minute);
  expect(exhausted).toBeGreaterThan(0);
  expect(exhausted).toBeLessThan(20);
  // Once a login is there again, both go on.
  await simulation.play(30 * minute);
  const token = await simulation.playUntil(service.getToken('crm'));
  expect(server.authority.truth.accepts(token.reveal())).toBe(true);
});
