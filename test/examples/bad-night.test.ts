import { expect, test } from '@jest/globals'; // in Vitest: from 'vitest'
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { simulate } from '@tokenkeep/testing/simulation';

const person = { username: 'ada', password: 'correct horse battery' };

test('the provider is down for 20 minutes at 03:00, and then refuses our refresh token', async () => {
  await simulate({ seed: 1, startAt: '2025-01-01T02:30:00Z' }, async (world) => {
    const billing = world.serve(
      'https://billing.test',
      (time) => new AuthRefreshAuthority({ time, accounts: [{ accountId: 'main', ...person }] }),
    );
    const service = await world.start('service', {
      providers: [authRefresh({ id: 'billing', baseUrl: billing.origin })],
      accounts: [{ provider: 'billing', account: 'main', credentials: person }],
    });
    const callers = service.every({ seconds: 30 }, () => service.getToken('main'));

    await world.until('03:00');
    billing.down();
    await world.pass({ minutes: 20 });
    billing.truth.killRefreshToken('main');
    billing.up();
    await world.until('04:00');

    // Every caller was served, all night.
    expect(callers.made).toBe(180);
    expect(callers.failures).toEqual([]);
    // The dead refresh token was tried once, and one login replaced it.
    expect(billing.log.count({ operation: 'refresh', outcome: 'refused' })).toBe(1);
    expect(billing.log.logins()).toHaveLength(2);
  });
});
