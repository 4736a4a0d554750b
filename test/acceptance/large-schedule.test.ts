import { describe, expect, test } from '@jest/globals';
import {
  type AccountConfig,
  createTokenEngine,
  memoryStore,
  type TokenProvider,
  type TokenStore,
} from '@tokenkeep/core';
import { change } from '@tokenkeep/testing/conformance';
import { plugInProfile } from './plug-in-profile.js';
import { World } from './world.js';

const provider = (id: string, obtain: () => Promise<unknown>): TokenProvider => ({
  contract: 1,
  id,
  profile: plugInProfile,
  credentials: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  obtain: async () => ({ accessToken: `token-of-${id}-${await obtain()}`, lifetimeMs: 3_600_000 }),
  authorize: () => {},
  isTokenRejection: async () => false,
});

let made = 0;
const quick = provider('quick', async () => ++made);

function accountsOf(id: string, count: number): AccountConfig[] {
  return Array.from({ length: count }, (_, index) => ({
    provider: id,
    account: `${id}-${index}`,
    credentials: {},
  }));
}

/** The same store, and the names of the calls it gets. */
function counted(store: TokenStore): { store: TokenStore; calls: string[] } {
  const calls: string[] = [];
  const proxy = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        calls.push(String(name));
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { store: proxy, calls };
}

describe('the schedule of many accounts', () => {
  test('a poll that finds nothing due is one call, however many accounts there are', async () => {
    await using world = new World();
    const { store, calls } = counted(memoryStore(world.clock));
    const accounts = accountsOf('quick', 400);
    const engine = await world.engine({ store, accounts, providers: [quick] });
    await world.run(engine.tick());
    await world.clock.advance(60_000);
    await world.run(engine.tick());
    calls.length = 0;
    expect(await world.run(engine.tick())).toEqual({ renewed: 0 });
    expect(calls.filter((name) => name !== 'list')).toEqual(['upcoming']);
  });

  test('rows of accounts that this engine does not know neither starve its own nor are touched', async () => {
    await using world = new World();
    const store = memoryStore(world.clock);
    const { ms } = await store.now();
    const others = Array.from({ length: 1_000 }, (_, index) => `other/${index}`);
    for (const id of others) await store.write([change(id, { due: ms - 1_000_000 })]);
    const accounts = accountsOf('quick', 3);
    const engine = await world.engine({ store, accounts, providers: [quick] });
    expect(await world.run(engine.tick())).toEqual({ renewed: 3 });
    for (const id of others) expect((await store.read('account', id)).row?.version).toBe(1);
  });

  test('forty accounts whose server does not answer do not keep the others from being renewed', async () => {
    await using world = new World();
    const silent = provider('silent', () => new Promise(() => {}));
    const accounts = [...accountsOf('silent', 40), ...accountsOf('quick', 200)];
    const engine = await world.engine({ accounts, providers: [silent, quick] });
    let renewed = 0;
    engine.on('token:obtained', () => {
      renewed += 1;
    });
    engine.start();
    await world.clock.advance(12 * 60_000);
    expect(renewed).toBe(200);
  });

  test('an engine of 200,000 accounts is made in a few seconds, and not in a square of them', async () => {
    const config = (count: number) => accountsOf('quick', count);
    const timeOf = async (count: number) => {
      const accounts = config(count);
      const began = performance.now();
      const engine = await createTokenEngine({ accounts, providers: [quick] });
      const took = performance.now() - began;
      await engine.stop();
      return took;
    };
    await timeOf(1_000);
    const few = await timeOf(20_000);
    expect(await timeOf(200_000)).toBeLessThan(Math.max(2_000, 60 * few));
  });
});
