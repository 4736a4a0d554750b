import { expect, test } from '@jest/globals';
import { jsonReply } from '@tokenkeep/testing';
import { authRefreshAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const minute = 60_000;

test('I16 only refusals in a row that name no reason end a refresh token, whatever a reply in between brought', async () => {
  const simulation = watchedSimulation();
  // The reply in between brings the same access token once more.
  const { server, ...setup } = authRefreshAccounts(simulation, {
    rules: { sameAccessUntilLeftMs: minute },
  });
  const host = simulation.host('machine');
  const service = await simulation.start('service', { ...setup, host, background: false });
  await simulation.playUntil(service.getToken('crm'));
  const unexplained = jsonReply(400, {});
  const renew = async () => {
    await simulation.play(31 * minute);
    await simulation.playUntil(service.engine.renew('crm').catch(() => {}));
  };
  server.faults.next('refresh', unexplained, unexplained);
  await renew();
  await renew();
  await renew();
  server.faults.next('refresh', unexplained);
  await renew();
  await renew();
  const { log } = server.authority;
  expect(log.where({ operation: 'refresh' }).map(({ outcome }) => outcome)).toEqual([
    'faulted',
    'faulted',
    'issued',
    'faulted',
    'issued',
  ]);
  expect(log.logins()).toHaveLength(1);
});
