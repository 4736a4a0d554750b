import { expect, test } from '@jest/globals';
import { accountToken, type TokenProvider } from '@tokenkeep/core';
import { oauth20 } from '@tokenkeep/provider-oauth20';
import { OAuth20Authority } from '@tokenkeep/testing';
import { authRefreshAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const minute = 60_000;
const hour = 60 * minute;

/** `identity`, `shop` with its token, and `till` with that of `shop`. */
function chainOfThree(
  simulation: ReturnType<typeof watchedSimulation>,
  mode: 'introspects' | 'issues-token',
) {
  const identity = authRefreshAccounts(simulation, {
    names: ['identity'],
    profile: { id: 'identity-api' },
    rules: { accessLifeMs: 8 * hour },
  });
  const servers = [identity.server];
  const links = ['shop', 'till'].map((name, index) => {
    const baseUrl = `https://${name}.test`;
    const upstreams = [...servers];
    const server = simulation.serve(
      baseUrl,
      (time) =>
        new OAuth20Authority({
          time,
          mode,
          rules: { accessLifeMs: 8 * hour },
          foreignBearer(token) {
            for (const { authority } of upstreams) {
              const set = authority.truth.tokens.set(token);
              if (set === undefined) continue;
              const state = authority.truth.accessState(token);
              return { accountId: name, state, endsAt: set.accessEndsAt };
            }
            return undefined;
          },
        }),
    );
    servers.push(server);
    return {
      provider: oauth20({ id: `${name}-api`, baseUrl }) as TokenProvider,
      account: {
        provider: `${name}-api`,
        account: name,
        credentials: { bearer: accountToken(index === 0 ? 'identity' : 'shop') },
      },
    };
  });
  return {
    providers: [...identity.providers, ...links.map(({ provider }) => provider)],
    accounts: [...identity.accounts, ...links.map(({ account }) => account)],
  };
}

test.each(['introspects', 'issues-token'] as const)(
  'I3 I10 a revocation goes down a chain of three where servers answer as one that %s',
  async (mode) => {
    const simulation = watchedSimulation();
    const setup = chainOfThree(simulation, mode);
    const [here, there] = await Promise.all([
      simulation.start('here', setup),
      simulation.start('there', setup),
    ]);
    for (const service of [here, there]) await simulation.playUntil(service.getToken('till'));
    await simulation.playUntil(here.engine.revoke('identity'));
    await simulation.play(3_000);
    for (const service of [here, there]) {
      const refused = service.getToken('till').catch((error) => error);
      expect(await simulation.playUntil(refused)).toMatchObject({
        code: 'ACCOUNT_REVOKED',
        reason: 'upstream_revoked',
      });
    }
    await simulation.playUntil(here.engine.login('identity'));
    await simulation.play(10 * minute);
    await simulation.playUntil(there.getToken('till'));
  },
);

test('I2 an account below a revoked one does not ask the store every few seconds', async () => {
  const simulation = watchedSimulation();
  const service = await simulation.start('service', chainOfThree(simulation, 'issues-token'));
  await simulation.playUntil(service.getToken('till'));
  await simulation.playUntil(service.engine.revoke('identity'));
  // Past the end of what it still has.
  await simulation.play(9 * hour);
  let writes = 0;
  simulation.watch({
    changed() {
      writes += 1;
    },
  });
  await simulation.play(hour);
  expect(writes).toBeLessThan(60);
});
