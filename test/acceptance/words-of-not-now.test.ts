import { expect, test } from '@jest/globals';
import { authRefreshWorld, World } from './world.js';

const MINUTE = 60_000;

test('a burst of logins that is used up says so, and not that the day is', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  for (let login = 0; login < 5; login += 1) {
    await world.run(engine.login('crm'));
    await world.clock.advance(10_000);
  }
  await expect(world.run(engine.login('crm'))).rejects.toMatchObject({
    code: 'BUDGET_EXHAUSTED',
    message: expect.stringContaining('5 at once, then one in 75.8 min; 24 in 24 h at most.'),
  });
  await world.clock.advance(76 * MINUTE);
  await world.run(engine.login('crm'));
  expect(server.log.logins()).toHaveLength(6);
});

test('a request too soon says so in words, and when the next may be made', async () => {
  await using world = new World();
  const { accounts, providers } = await authRefreshWorld(world);
  const engine = await world.engine({ accounts, providers });
  await world.run(engine.getToken('crm'));
  await expect(world.run(engine.renew('crm'))).rejects.toMatchObject({
    code: 'GUARD_REFUSED',
    reason: 'gap',
    message: expect.stringMatching(
      /^No token request for crm-api\/crm now: the last one was only just made\. The next is allowed at 2026-01-01T/,
    ),
  });
});
