import { expect, test } from '@jest/globals';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { watchedSimulation } from './watched-simulation.js';

const second = 1_000;
const minute = 60 * second;

// As many as it takes for a provider's refusals to be looked at together: admission reads first.
const people = ['ada', 'bob', 'cy', 'dee', 'eve'].map((name) => ({
  accountId: name,
  username: name,
  password: `password of ${name}`,
}));

const orders = Array.from({ length: 20 }, (_, index) => index + 1);

test.each(orders)(
  'F53 a process that stood still before its intent writes none after it gave up (order %d)',
  async (seed) => {
    const simulation = watchedSimulation({ seed });
    const { authority } = simulation.serve(
      'https://crm.test',
      (time) =>
        new AuthRefreshAuthority({ time, accounts: people, rules: { accessLifeMs: 10 * minute } }),
    );
    let refreshes = false;
    let isHeldUp = false;
    const service = simulation.service('service', {
      host: simulation.host('machine'),
      background: false,
      providers: [authRefresh({ id: 'crm', baseUrl: 'https://crm.test' })],
      accounts: people.map(({ accountId: account, username, password }) => ({
        provider: 'crm',
        account,
        credentials: { username, password },
      })),
      onCrashPoint(point) {
        if (point !== 'CP1' || !refreshes || isHeldUp) return undefined;
        isHeldUp = true;
        // In the middle of connecting.
        simulation.kernel.after(12, () => void service.pause(2 * minute));
        return undefined;
      },
    });
    await simulation.playUntil(service.open());
    for (const { accountId } of people) await simulation.playUntil(service.getToken(accountId));
    await simulation.play(6 * minute);
    refreshes = true;
    service.engine.renew('ada').catch(() => {});
    await simulation.play(3 * minute);
    expect(isHeldUp).toBe(true);
    expect(JSON.parse(simulation.store.account('crm/ada')?.body ?? '{}')).not.toHaveProperty(
      'sent',
    );
    await simulation.playUntil(service.engine.renew('ada'));
    expect(authority.log.logins()).toHaveLength(people.length);
  },
);
