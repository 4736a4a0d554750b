import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { StoreSwitch } from './failing-store.js';
import { Machine } from './mortal-process.js';
import { authRefreshWorld, chatAppWorld, World } from './world.js';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

test('F38 ahead and resend-once: the resend is made behind the callers, who keep the old token', async () => {
  await using world = new World();
  const { server, ...setup } = await authRefreshWorld(world, {
    provider: { inDoubt: 'resend-once' },
  });
  const engine = await world.engine(setup);
  const old = await world.run(engine.getToken('crm'));
  await world.clock.advance(50 * minute);
  server.faults.next('refresh', fault.dropBeforeProcessing());
  const told = new Set<string>();
  for (let passed = 0; passed < 30; passed += 1) {
    const before = world.clock.trueNow();
    told.add((await world.run(engine.getToken('crm'))).reveal());
    expect(world.clock.trueNow()).toBe(before);
    await world.clock.advance(second);
  }
  expect(told).toEqual(new Set([old.reveal(), server.truth.current('crm')?.accessToken]));
  expect(server.log.requestsPerGeneration().get('crm#1')).toBe(2);
  expect(server.log.logins()).toHaveLength(1);
});

test('F38 on demand and never-resend: the token has ended, so the login follows at once', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world, { provider: { inDoubt: 'never-resend' } });
  const engine = await world.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(day);
  server.faults.next('refresh', fault.dropAfterProcessing());
  const token = await world.run(engine.getToken('crm'));
  expect(server.truth.accepts(token.reveal())).toBe(true);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  expect(server.log.logins()).toHaveLength(2);
});

test('F38 after an outage of the store a foreign doubt is left alone for 10 s more', async () => {
  await using world = new World();
  const { server, ...setup } = await chatAppWorld(world);
  const first = new Machine(world).process('first');
  const dying = await first.engine(setup);
  await world.run(dying.getToken('crm'));
  const cable = new StoreSwitch(world.store, () => world.clock.trueNow());
  const elsewhere = new Machine(world).process('elsewhere');
  const engine = await elsewhere.engine({ ...setup, store: cable.store });
  await world.clock.advance(day);
  first.dieAt('CP5');
  dying.getToken('crm').catch(() => {});
  await world.clock.settle();
  expect(first.dead).toBe(true);
  const sentAt = world.clock.trueNow();
  const asksUntil = async (age: number) => {
    while (world.clock.trueNow() - sentAt < age * second) {
      engine.getToken('crm').catch(() => {});
      await world.clock.advance(second);
    }
  };
  await asksUntil(60);
  cable.down = true;
  await asksUntil(150);
  cable.down = false;
  await asksUntil(180);
  const [, resend, ...more] = server.log.where({ operation: 'refresh' });
  expect(more).toEqual([]);
  expect((resend?.at ?? 0) - sentAt).toBeGreaterThanOrEqual(160 * second);
  expect((resend?.at ?? 0) - sentAt).toBeLessThanOrEqual(170 * second);
});
