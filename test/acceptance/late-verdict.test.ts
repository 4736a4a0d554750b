import { expect, test } from '@jest/globals';
import { memoryStore } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { StoreSwitch } from './failing-store.js';
import { Machine } from './mortal-process.js';
import { authRefreshWorld, World } from './world.js';

const second = 1_000;
const minute = 60 * second;

test.each([429, 400])(
  'F53 a sender that lost its claim in an outage, and is told %d late, says so: no doubt is left',
  async (status) => {
    await using world = new World();
    const { server, accounts, ...setup } = await authRefreshWorld(world);
    const first = await world.engine({ accounts, ...setup });
    await world.run(first.getToken('crm'));
    await world.run(first.stop());
    const without = accounts.map(({ credentials: _none, ...account }) => account);
    const cable = new StoreSwitch(world.store, () => world.clock.trueNow());
    const machine = new Machine(world);
    const options = { ...setup, accounts: without };
    const sender = await machine.process('sender').engine({ ...options, store: cable.store });
    const other = await machine.process('other').engine(options);
    other.start();
    await world.clock.advance(10 * minute);

    server.faults.next('refresh', fault.delay(30 * second, fault.status(status)));
    sender.renew('crm').catch(() => {});
    await world.clock.advance(second);
    cable.down = true;
    await world.clock.advance(14 * second);
    cable.down = false;
    const fence = async () => (await world.store.read('account', 'crm-api/crm')).row?.fence ?? 0;
    const fenceBefore = await fence();
    await world.clock.advance(20 * second);
    // Whoever has decided something for the doubt's sake meanwhile, e.g. a login, decides again.
    expect(await fence()).toBeGreaterThan(fenceBefore);
    await world.clock.advance(5 * minute);
    expect(world.seen('claim:lost')).not.toEqual([]);
    expect(world.seen('account:reauthorization_required')).toEqual([]);
    expect((await world.run(other.status('crm'))).state).toBe('live');
    await world.clock.advance(40 * minute);
    const token = await world.run(other.getToken('crm'));
    expect(server.truth.accepts(token.reveal())).toBe(true);
  },
);

test('F53 a doubt whose grace is over is not claimed again and again until the access token ends', async () => {
  let claims = 0;
  await using world = new World((clock) => {
    const store = memoryStore(clock);
    const claimDue = store.claimDue.bind(store);
    store.claimDue = async (query) => {
      const result = await claimDue(query);
      claims += result.rows.length;
      return result;
    };
    return store;
  });
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: { rules: { rotation: { kind: 'grace', graceMs: 30_000 } } },
    provider: { refreshToken: { singleUse: true, reuseGraceMs: 30_000 } },
  });
  const machine = new Machine(world);
  const dying = machine.process('dying');
  const engine = await dying.engine(setup);
  await world.run(engine.getToken('crm'));
  await world.clock.advance(10 * minute);
  dying.dieAt('CP5');
  engine.renew('crm').catch(() => {});
  await world.clock.advance(65 * second);
  expect(dying.dead).toBe(true);

  claims = 0;
  (await machine.process('next').engine(setup)).start();
  await world.clock.advance(20 * minute);
  expect(claims).toBeLessThanOrEqual(1);
  await world.clock.advance(30 * minute);
  expect(server.log.logins()).toHaveLength(2);
});
