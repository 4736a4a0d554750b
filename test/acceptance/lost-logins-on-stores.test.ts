import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TokenEngine } from '@tokenkeep/core';
import { type StoreServer, storeKinds } from '@tokenkeep/servers';
import { fault } from '@tokenkeep/testing';
import { describeStores } from '../describe-stores.js';
import { quick, RealWorld, whenAllowed } from './processes/real-world.js';

/** A day in four seconds: 90 logins, five at once, then one in 17 minutes. */
const dayMs = 4_000;
const refillMs = (17 / (24 * 60)) * dayMs;
const burst = 5;
const logins = 200;

/** How long a request may be on its way: the budget counts when it is spent, the server when it is read. */
const onItsWayMs = 500;

const impatient = {
  ...quick,
  gapMs: 1,
  backoffBaseMs: 1,
  backoffMaxMs: 2,
  breakerOpenMs: 1,
  breakerMaxMs: 2,
  // The hourly caps have tests of their own.
  capWindowMs: 50,
};

const limited = {
  provider: {
    budgets: [
      {
        operation: 'obtain',
        limit: 100,
        reserve: 10,
        windowMs: dayMs,
        burst,
        refillMs,
        key: () => 'ada',
      },
    ],
  },
  parameters: impatient,
} as const;

/** A caller without patience, who asks again whatever it is told. */
async function hammer(engine: TokenEngine, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await engine.getToken('crm', { waitMs: 50 }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describeStores(storeKinds, ({ start }) => {
  let stores: StoreServer;
  beforeAll(async () => {
    stores = await start();
  });
  afterAll(() => stores.stop());

  test('F68 two hundred logins of unknown outcome all count: never more than 90 in a day', async () => {
    await using world = await RealWorld.begin(limited, stores);
    const { log, faults, truth } = world.server;
    faults.always('obtain', fault.dropAfterProcessing());
    const engines = [await world.engine(), await world.engine(), await world.engine()];
    const since = Date.now();
    const isOver = () => log.logins().length >= logins;
    await Promise.all(engines.map((engine) => hammer(engine, isOver)));

    expect(log.maxPerRollingWindow('obtain', dayMs - onItsWayMs)).toBeLessThanOrEqual(90);
    for (const [index, { at }] of log.logins().entries()) {
      expect(at).toBeGreaterThanOrEqual(Math.floor(since + (index + 1 - burst) * refillMs));
    }
    // As many as the budget allows, too: a lost one is not held against the account for ever.
    const tookMs = (log.logins().at(-1)?.at ?? 0) - since;
    expect(tookMs).toBeLessThan(3 * logins * refillMs);

    faults.clear();
    const [engine] = engines as [TokenEngine];
    // The first caller may join the last of the lost logins, and is told of it.
    await whenAllowed(() => engine.getToken('crm')).catch(() => {});
    const token = await whenAllowed(() => engine.getToken('crm'));
    expect(truth.accepts(token.reveal())).toBe(true);
  });
});
