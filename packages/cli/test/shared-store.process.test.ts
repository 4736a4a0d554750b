import { expect, test } from '@jest/globals';
import { CliWorld } from './cli-world.js';

test('the command line and a service keep one account alive over one file, without a replay', async () => {
  await using world = await CliWorld.begin({
    rules: { accessLifeMs: 2_500 },
    parameters: { usableCap: 1_000, otherCap: 1_000 },
  });
  const engine = await world.engine();
  engine.start();
  const run = world.start(['run']);
  const generation = () => world.server.truth.current('crm')?.generation ?? 0;
  while (generation() < 5) {
    const [ours, theirs] = await Promise.all([engine.getToken('crm'), world.run(['token', 'crm'])]);
    expect(theirs).toMatchObject({ code: 0, err: '' });
    for (const token of [ours.reveal(), theirs.out.trim()]) {
      expect(world.issuedSecrets()).toContain(token);
    }
  }
  run.signal('SIGTERM');
  expect((await run.ended).code).toBe(0);
  await engine.stop();
  const { log } = world.server;
  expect(log.replays()).toEqual([]);
  expect(log.where({ operation: 'obtain' })).toHaveLength(1);
  expect(Math.max(...log.requestsPerGeneration().values())).toBe(1);
});

test('a login at the command line takes the place of what a running service has', async () => {
  await using world = await CliWorld.begin();
  const engine = await world.engine();
  await engine.getToken('crm');
  expect((await world.run(['login', 'crm'])).code).toBe(0);
  expect((await engine.renew('crm')).generation).toBe(3);
  expect(world.server.log.replays()).toEqual([]);
});
