import { expect, test } from '@jest/globals';
import { authRefreshAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;

test('F30 a caller whose own renewal hangs gets the token that another process has stored', async () => {
  const simulation = watchedSimulation();
  const { server, ...setup } = authRefreshAccounts(simulation, {
    rules: { accessLifeMs: 10 * minute },
  });
  const start = (name: string) =>
    simulation.start(name, { ...setup, host: simulation.host(name), background: false });
  const [here, there] = [await start('here'), await start('there')];
  const { accessToken } = server.authority.truth.tokens.login('crm');
  // Here the login hangs, for longer than this caller waits.
  server.faults.next('obtain', 'reply swallowed');
  const asking = here.engine.getToken('crm', { waitMs: 8 * second });
  await simulation.play(5 * second);
  // A person brings a token to the other process.
  await simulation.playUntil(
    there.engine.accounts.import('crm', { accessToken, lifetimeMs: 10 * minute }),
  );
  const token = await simulation.playUntil(asking);
  expect(token.reveal()).toBe(accessToken);
});
