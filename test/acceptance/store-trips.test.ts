import { expect, test } from '@jest/globals';
import { memoryStore } from '@tokenkeep/core';
import { authRefreshWorld, World } from './world.js';

const HOUR = 3_600_000;

const calls = ['read', 'write', 'claimDue'] as const;

test('a renewal from the schedule costs a claim and two writes: the intent and the commit', async () => {
  const trips: string[] = [];
  await using world = new World((clock) => {
    const store = memoryStore(clock);
    const told = (name: (typeof calls)[number]) => {
      const call = store[name].bind(store) as (argument: unknown, more: unknown) => Promise<never>;
      return (argument: unknown, more: unknown) => {
        trips.push(name);
        return call(argument, more);
      };
    };
    return Object.assign(store, Object.fromEntries(calls.map((name) => [name, told(name)])));
  });
  const { server, ...setup } = await authRefreshWorld(world);
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));

  for (let renewal = 0; renewal < 3; renewal += 1) {
    await world.clock.advance(0.81 * HOUR);
    trips.length = 0;
    expect(await world.run(engine.tick())).toEqual({ renewed: 1 });
    expect(trips.filter((name) => name !== 'read')).toEqual(['claimDue', 'write', 'write']);
  }
  expect(server.log.count({ operation: 'refresh' })).toBe(3);
});
