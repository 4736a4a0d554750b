import { expect, test } from '@jest/globals';
import { authRefreshAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const minute = 60_000;

test('I12 a credentials function that does not answer once is asked again, and its account goes on', async () => {
  const simulation = watchedSimulation();
  const { server, providers, accounts } = authRefreshAccounts(simulation, {});
  const [crm] = accounts;
  let isSilent = true;
  const credentials = () =>
    isSilent ? new Promise<never>(() => {}) : Promise.resolve(crm?.credentials);
  const service = await simulation.start('service', {
    providers,
    accounts: [{ ...crm, credentials } as never],
  });
  const refused = service.getToken('crm').catch((error) => error);
  expect(await simulation.playUntil(refused)).toMatchObject({ code: 'WAIT_TIMED_OUT' });
  await simulation.play(10 * minute);
  isSilent = false;
  await simulation.play(5 * minute);
  const token = await simulation.playUntil(service.getToken('crm'));
  expect(server.authority.truth.accepts(token.reveal())).toBe(true);
});
