import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { chainWorld } from './oauth20-chain-world.js';
import { oauth20World, World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

test('OAuth20: a rotation asked for while another renewal is under way still revokes the old token', async () => {
  await using world = new World();
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  engine.start();
  await world.run(engine.getToken('shop'));
  await world.clock.advance(MINUTE);

  server.faults.next('obtain', fault.delay(3 * SECOND));
  const renewing = engine.renew('shop');
  await world.clock.advance(SECOND);
  const rotating = engine.rotate('shop').catch((error: unknown) => error);
  await world.run(renewing);
  // The guard's gap stands between the two requests: it says so, and the next try goes through.
  const first = await world.run(rotating);
  await world.clock.advance(10 * SECOND);
  if (first instanceof Error) await world.run(engine.rotate('shop'));
  await world.clock.advance(2 * MINUTE);

  expect(world.seen('token:rotated')).toHaveLength(1);
  expect(server.log.count({ operation: 'revoke', outcome: 'revoked' })).toBe(1);
});

test('OAuth20: the event of a revoked token names the generation that was ended', async () => {
  await using world = new World();
  const { server: _server, ...setup } = await oauth20World(world);
  const engine = await world.engine(setup);
  const { generation } = await world.run(engine.getToken('shop'));
  await world.run(engine.revoke('shop'));
  expect(world.seen('token:revoked')).toMatchObject([{ generation }]);
});

test('a chain: an upstream renewed inside the gap is followed as soon as the gap allows', async () => {
  await using world = new World();
  const { shop, providers, accounts } = await chainWorld(world, { shopLifeMs: 20 * 60 * MINUTE });
  const engine = await world.engine({ providers, accounts });
  engine.start();
  await world.run(engine.getToken('identity'));
  await world.clock.advance(20 * SECOND);
  await world.run(engine.getToken('shop'));
  const before = shop.log.count({ operation: 'obtain' });
  await world.clock.advance(SECOND);
  // The shop's own last request is a second ago: the guard holds its next one back.
  await world.run(engine.renew('identity'));
  await world.clock.advance(MINUTE);
  expect(shop.log.count({ operation: 'obtain' })).toBe(before + 1);
});
