import { expect, test } from '@jest/globals'; // in Vitest: from 'vitest'
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { simulate } from '@tokenkeep/testing/simulation';

const person = { username: 'ada', password: 'correct horse battery' };

// Where in a refresh it dies: nothing is sent yet, the request is on its way, the reply is in
// memory and nowhere else, the new pair is in escrow, everything is saved.
test.each([
  { point: 'CP2', logins: 1 },
  { point: 'CP4', logins: 2 },
  { point: 'CP6', logins: 2 },
  { point: 'CP7', logins: 2 },
  { point: 'CP9', logins: 1 },
] as const)('of two replicas one dies at $point of a refresh', async ({ point, logins }) => {
  await simulate({ seed: 1 }, async (world) => {
    const billing = world.serve(
      'https://billing.test',
      (time) =>
        new AuthRefreshAuthority({
          time,
          accounts: [{ accountId: 'main', ...person }],
          rules: { accessLifeMs: 600_000 },
        }),
    );
    const options = {
      providers: [authRefresh({ id: 'billing', baseUrl: billing.origin })],
      accounts: [{ provider: 'billing', account: 'main', credentials: person }],
    };
    const first = await world.start('first', options);
    await first.getToken('main');
    first.diesAt(point);
    const second = await world.start('second', options);
    const callers = second.every({ seconds: 15 }, () => second.getToken('main'));
    await world.until(() => !first.isRunning);
    await world.pass({ minutes: 10 });

    expect(callers.failures).toEqual([]);
    // No refresh token was sent twice: this server would have ended the session.
    expect(billing.log.replays()).toEqual([]);
    expect(billing.log.logins()).toHaveLength(logins);
  });
});
