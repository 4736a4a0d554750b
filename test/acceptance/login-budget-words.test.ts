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
