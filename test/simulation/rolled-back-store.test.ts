import { expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { authRefreshAccounts } from './served-accounts.js';
import { watchedSimulation } from './watched-simulation.js';

const minute = 60_000;

test.each([
  ['while a scheduler renews', true],
  ['while nobody asks', false],
])(
  'F62 I1 who has seen more sends nothing from a store that was rolled back, %s, until a login',
  async (_when, background) => {
    const simulation = watchedSimulation();
    const { server, ...setup } = authRefreshAccounts(simulation, {});
    const service = await simulation.start('service', { ...setup, background });
    await simulation.playUntil(service.getToken('crm'));
    simulation.store.takeSnapshot();
    await simulation.play(90 * minute);
    await simulation.playUntil(service.getToken('crm'));
    const sent = server.authority.log.length;

    simulation.store.rollBack();
    await simulation.play(120 * minute);
    const refused = service.getToken('crm').catch((error) => error);
    expect(await simulation.playUntil(refused)).toMatchObject({ code: 'STORE_ROLLED_BACK' });
    expect(server.authority.log).toHaveLength(sent);
    expect(server.authority.truth.family('crm')?.revoked).toBe(false);

    await simulation.playUntil(service.engine.login('crm'));
    const token = await simulation.playUntil(service.getToken('crm'));
    expect(TokenError.is(token)).toBe(false);
    expect(server.authority.truth.accepts(token.reveal())).toBe(true);
  },
);
