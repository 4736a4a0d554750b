import { expect, test } from '@jest/globals'; // in Vitest: from 'vitest'
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority, textReply } from '@tokenkeep/testing';
import { simulate } from '@tokenkeep/testing/simulation';

const person = { username: 'ada', password: 'correct horse battery' };
const tooMany = textReply(429, 'slow down', 'text/plain', { 'retry-after': '240' });

test('the vendor throttles us while a deployment restarts every process', async () => {
  await simulate({ seed: 1 }, async (world) => {
    const billing = world.serve(
      'https://billing.test',
      (time) =>
        new AuthRefreshAuthority({
          time,
          accounts: [{ accountId: 'main', ...person }],
          rules: { accessLifeMs: 1_800_000 },
        }),
    );
    const options = {
      providers: [authRefresh({ id: 'billing', baseUrl: billing.origin })],
      accounts: [{ provider: 'billing', account: 'main', credentials: person }],
    };
    const first = await world.start('replica-1', options);
    const second = await world.start('replica-2', options);
    const callers = [first, second].map((replica) =>
      replica.every({ seconds: 15 }, () => replica.getToken('main')),
    );

    await world.pass({ minutes: 15 });
    billing.faults.always('any', tooMany);
    await world.until(() => billing.log.count({ status: 429 }) > 0);
    const throttledAt = world.now.getTime();
    for (const replica of [first, second]) {
      await replica.stop();
      await world.pass({ seconds: 20 });
      await replica.start();
    }
    await world.pass({ minutes: 3 });
    billing.faults.clear();
    await world.pass({ minutes: 2 });

    // The 429 outlived the processes: not one request for four minutes, and then one that succeeds.
    expect(billing.log.between(throttledAt + 1, throttledAt + 240_000)).toEqual([]);
    expect(billing.log.last).toMatchObject({ operation: 'refresh', outcome: 'issued' });
    // The tokens were in the store: no process logged in because it was new.
    expect(billing.log.logins()).toHaveLength(1);
    expect(callers.flatMap(({ failures }) => failures)).toEqual([]);
  });
});
