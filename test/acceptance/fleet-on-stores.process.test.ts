import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { defaultParameters } from '@tokenkeep/core';
import { type StoreServer, storeKinds } from '@tokenkeep/servers';
import { fault, fingerprint } from '@tokenkeep/testing';
import { describeStores } from '../describe-stores.js';
import type { Watched } from './processes/engine-process.js';
import { RealWorld } from './processes/real-world.js';

interface Plan {
  readonly accounts: readonly string[];
  /** How often each token ends; the last one lives long, and everybody knows by that. */
  readonly rounds: number;
  readonly processes: number;
  readonly callers: number;
  readonly lifeMs: number;
  readonly scheduled: boolean;
}

/** Processes that all want a token all the time, while it ends again and again. */
async function fleet(stores: StoreServer, plan: Plan) {
  const { accounts, rounds, processes, callers, lifeMs, scheduled } = plan;
  const world = await RealWorld.begin(
    {
      accounts,
      rotation: { kind: 'strict' },
      provider: { inDoubt: 'resend-once' },
      rules: { accessLifeMs: lifeMs },
      // The usual ones: the provider's own short lives shrink the windows.
      parameters: defaultParameters,
    },
    stores,
  );
  const { server } = world;
  const refreshes = (account: string | undefined) =>
    server.log.where({ operation: 'refresh' }).filter(({ accountId }) => accountId === account);
  const isLast = ({ accountId }: { accountId?: string }) =>
    refreshes(accountId).length === rounds - 1;
  const longLife = fault.mutate((body) => ({ ...body, tokenLifetime: 3_600 }));
  server.faults.when('refresh', isLast, longLife);
  const children = await Promise.all(Array.from({ length: processes }, () => world.process()));
  if (scheduled) await Promise.all(children.map((child) => child.ask('start')));
  const how = { keys: accounts, everyMs: 40, callers, untilLongLived: true };
  const watched = await Promise.all(
    children.map((child) => child.ask<Watched>('watch', how, limitMs)),
  );
  return { world, watched };
}

/** What the server was asked, and what every process was handed. */
function judge(world: RealWorld, watched: readonly Watched[], { accounts, rounds }: Plan): void {
  const { log, truth } = world.server;
  expect(watched.flatMap(({ errors }) => errors)).toEqual([]);
  expect(log.count({ operation: 'refresh' })).toBe(accounts.length * rounds);
  expect(new Set(log.requestsPerGeneration().values())).toEqual(new Set([1]));
  expect(log.logins()).toHaveLength(accounts.length);
  expect(log.replays()).toEqual([]);
  expect(accounts.map((account) => truth.family(account)?.revoked)).not.toContain(true);

  for (const account of accounts) {
    for (const { handed } of watched) {
      const names = Object.keys(handed).filter((name) => name.startsWith(`${account}#`));
      expect(names).toContain(`${account}#${rounds + 1}`);
      for (const name of names) {
        const set = world.issued(Number(name.split('#')[1]), account);
        // The same token everywhere, and nowhere after its end.
        expect(handed[name]?.prints).toEqual([fingerprint(set?.accessToken ?? '')]);
        if (name !== `${account}#${rounds + 1}`) {
          expect(handed[name]?.last).toBeLessThan(set?.accessEndsAt ?? 0);
        }
      }
    }
  }
}

/** How long after the last refresh the last process had its token, ms. */
function spreadMs(
  world: RealWorld,
  watched: readonly Watched[],
  { accounts, rounds }: Plan,
): number {
  const spreads = accounts.map((account) => {
    const firsts = watched.map(
      ({ handed }) => handed[`${account}#${rounds + 1}`]?.first ?? Infinity,
    );
    const [last] = world.server.log
      .where({ operation: 'refresh' })
      .filter(({ accountId }) => accountId === account)
      .slice(-1);
    return Math.max(...firsts) - (last?.at ?? 0);
  });
  return Math.max(...spreads);
}

const limitMs = 150_000;
const five = ['ada', 'ben', 'cleo', 'dan', 'eve'];
const onOneMachine: [who: string, plan: Plan][] = [
  [
    'four processes, five accounts, callers',
    { accounts: five, rounds: 40, processes: 4, callers: 5, lifeMs: 1_000, scheduled: false },
  ],
];

describeStores(storeKinds, ({ name, start }) => {
  let stores: StoreServer;
  beforeAll(async () => {
    stores = await start();
  });
  afterAll(() => stores.stop());

  test.each<[who: string, plan: Plan]>([
    ...(name === 'SQLite' ? onOneMachine : []),
    [
      'eight processes of fifty callers each, and background renewal',
      { accounts: five, rounds: 40, processes: 8, callers: 10, lifeMs: 1_000, scheduled: true },
    ],
  ])(
    'F52 P11 %s: 200 expiries are 200 refreshes, and everybody has the same token',
    async (_who, plan) => {
      const { world, watched } = await fleet(stores, plan);
      await using _world = world;
      judge(world, watched, plan);
      expect(spreadMs(world, watched, plan)).toBeLessThan(1_000 + 40);
    },
    limitMs,
  );
});
