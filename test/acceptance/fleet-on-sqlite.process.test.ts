import { expect, test } from '@jest/globals';
import { defaultParameters } from '@tokenkeep/core';
import { fault, fingerprint } from '@tokenkeep/testing';
import type { Watched } from './processes/engine-process.js';
import { RealWorld } from './processes/real-world.js';

const accounts = ['ada', 'ben', 'cleo', 'dan', 'eve'];
const ROUNDS = 40;
const PROCESSES = 4;

/** Five accounts with forty expiries each, and four processes that all want a token all the time. */
async function fleet(scheduled: boolean) {
  const world = await RealWorld.begin({
    accounts,
    rotation: { kind: 'strict' },
    provider: { inDoubt: 'resend-once' },
    rules: { accessLifeMs: 1_000 },
    // The usual ones: the provider's own short lives shrink the windows.
    parameters: defaultParameters,
  });
  const { server } = world;
  const refreshes = (account: string | undefined) =>
    server.log.where({ operation: 'refresh' }).filter(({ accountId }) => accountId === account);
  const isLast = ({ accountId }: { accountId?: string }) =>
    refreshes(accountId).length === ROUNDS - 1;
  // The last round's token lives long, which is how everybody knows that it was the last.
  const longLife = fault.mutate((body) => ({ ...body, tokenLifetime: 3_600 }));
  server.faults.when('refresh', isLast, longLife);
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => world.process()));
  if (scheduled) await Promise.all(children.map((child) => child.ask('start')));
  const how = { keys: accounts, everyMs: 40, callers: 5, untilLongLived: true };
  const watched = await Promise.all(children.map((child) => child.ask<Watched>('watch', how)));
  return { world, watched };
}

test.each([
  { scheduled: false, who: 'callers' },
  { scheduled: true, who: 'callers and background renewal' },
])(
  'F52 P11 four processes, 200 expiries, $who: 200 refreshes, one login for each account',
  async ({ scheduled }) => {
    const { world, watched } = await fleet(scheduled);
    await using _world = world;
    const { log, truth } = world.server;
    expect(watched.flatMap(({ errors }) => errors)).toEqual([]);
    expect(log.count({ operation: 'refresh' })).toBe(accounts.length * ROUNDS);
    expect(new Set(log.requestsPerGeneration().values())).toEqual(new Set([1]));
    expect(log.logins()).toHaveLength(accounts.length);
    expect(log.replays()).toEqual([]);
    expect(accounts.map((account) => truth.family(account)?.revoked)).not.toContain(true);

    for (const account of accounts) {
      for (const { handed } of watched) {
        const names = Object.keys(handed).filter((name) => name.startsWith(`${account}#`));
        expect(names).toContain(`${account}#${ROUNDS + 1}`);
        for (const name of names) {
          const set = world.issued(Number(name.split('#')[1]), account);
          // The same token everywhere, and nowhere after its end.
          expect(handed[name]?.prints).toEqual([fingerprint(set?.accessToken ?? '')]);
          if (name !== `${account}#${ROUNDS + 1}`) {
            expect(handed[name]?.last).toBeLessThan(set?.accessEndsAt ?? 0);
          }
        }
      }
    }
  },
  120_000,
);
