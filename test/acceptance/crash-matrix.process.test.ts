import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { type StoreServer, storeKinds } from '@tokenkeep/servers';
import { describeStores } from '../describe-stores.js';
import { type Kind, RealWorld, whenAllowed } from './processes/real-world.js';

/**
 * One process renews and kills itself at a crash point; another one goes on over the same store.
 * Requests are those after the restart, by the server's log.
 */
const kinds = {
  strict: {
    rotation: { kind: 'strict' },
    provider: { inDoubt: 'resend-once' },
    credentials: false,
  },
  grace: {
    rotation: { kind: 'grace', graceMs: 30_000 },
    provider: { refreshToken: { singleUse: true, reuseGraceMs: 30_000 } },
    credentials: false,
  },
  'non-rotating': {
    rotation: { kind: 'reusable' },
    provider: { refreshToken: 'reusable' },
    credentials: false,
  },
  'login fallback': {
    rotation: { kind: 'strict' },
    provider: { inDoubt: 'never-resend' },
    credentials: true,
  },
} as const satisfies Record<string, Kind>;

type KindName = keyof typeof kinds;

const rules = {
  renews: 'the refresh token is used as if nothing had happened, once',
  resends: 'the refresh token is sent once more, and that heals',
  loses: 'the refresh token is sent once more and refused, and a person is asked for',
  logsIn: 'the old token serves until it is refused, then one login replaces it',
  serves: 'the new token is there, without a request',
  unreached: 'nothing waits in escrow for a token that stays valid: there is no such instant',
} as const;

type Rule = keyof typeof rules;

const table: Record<string, Record<KindName, Rule>> = {
  CP0: row('renews', 'renews', 'renews', 'renews'),
  CP1: row('renews', 'renews', 'renews', 'renews'),
  CP2: row('renews', 'renews', 'renews', 'renews'),
  CP3: row('resends', 'resends', 'renews', 'logsIn'),
  CP4: row('resends', 'resends', 'renews', 'logsIn'),
  CP5: row('loses', 'resends', 'renews', 'logsIn'),
  CP6: row('loses', 'resends', 'renews', 'logsIn'),
  CP7: row('serves', 'serves', 'unreached', 'serves'),
  CP8: row('serves', 'serves', 'renews', 'serves'),
  CP9: row('serves', 'serves', 'serves', 'serves'),
  CP10: row('serves', 'serves', 'serves', 'serves'),
};

const cases = Object.entries(table).flatMap(([point, byKind]) =>
  Object.entries(byKind).map(([kind, rule]) => ({
    point,
    kind: kind as KindName,
    rule,
    says: rules[rule],
  })),
);

/** Requests that reached the server before the kill: the login, and the refresh from CP5 on. */
const readBefore = (point: string) => (['CP0', 'CP1', 'CP2', 'CP3', 'CP4'].includes(point) ? 1 : 2);

describeStores(storeKinds, ({ start }) => {
  let stores: StoreServer;
  beforeAll(async () => {
    stores = await start();
  });
  afterAll(() => stores.stop());

  test.each(cases)('F56 $point $kind: $says', async ({ point, kind, rule }) => {
    await using world = await RealWorld.begin(kinds[kind], stores);
    await world.logInFirst();
    const killed = await world.process();
    const renewal = killed.ask('renew', { key: 'crm', trapAt: { at: point, signal: 'SIGKILL' } });
    if (rule === 'unreached') {
      await expect(renewal).resolves.toMatchObject({ generation: 2 });
      await killed.kill();
    } else {
      await expect(renewal).rejects.toThrow('SIGKILL');
    }
    expect(world.tokenRequests).toHaveLength(readBefore(point));

    const engine = await world.engine();
    const { state } = await engine.status('crm');
    const inDoubt = rule === 'resends' || rule === 'loses' || rule === 'logsIn';
    expect(state).toBe(inDoubt ? 'in_doubt' : 'live');
    const known = rule === 'serves' || rule === 'unreached' ? 2 : 1;
    const served = await engine.getToken('crm');
    expect(served.generation).toBe(known);
    expect(world.isIssued(served, known)).toBe(true);
    expect(world.tokenRequests).toHaveLength(readBefore(point));

    const after = () => world.tokenRequests.slice(readBefore(point));
    const outcomes = () => after().map(({ operation, outcome }) => `${operation} ${outcome}`);
    const renew = () => whenAllowed(() => engine.renew('crm'));
    const newest = () => world.server.truth.current('crm')?.generation ?? 0;

    switch (rule) {
      case 'renews':
      case 'resends': {
        const token = await renew();
        const replay = rule === 'resends' && readBefore(point) === 2;
        expect(outcomes()).toEqual([replay ? 'refresh resent' : 'refresh issued']);
        expect(token.generation).toBe(2);
        expect(world.isIssued(token, newest())).toBe(true);
        break;
      }
      case 'loses': {
        const error = await renew().catch((thrown) => thrown);
        expect(TokenError.is(error, 'REAUTHORIZATION_REQUIRED')).toBe(true);
        expect(error.reason).toBe('rotation_lost');
        await expect(renew()).rejects.toMatchObject({ reason: 'rotation_lost' });
        expect(world.isIssued(await engine.getToken('crm'), 1)).toBe(true);
        expect(outcomes()).toEqual(['refresh refused']);
        return;
      }
      case 'logsIn': {
        expect(world.isIssued(await renew(), 1)).toBe(true);
        expect(outcomes()).toEqual([]);
        const token = await engine.withToken('crm', (token) => token, {
          isRejection: (used) => 'result' in used && used.result.generation === 1,
        });
        expect(outcomes()).toEqual(['obtain issued']);
        expect(world.isIssued(token, newest())).toBe(true);
        break;
      }
      default:
        expect(outcomes()).toEqual([]);
    }
    // What was saved is the living pair: the next renewal is an ordinary one.
    expect(world.isIssued(await renew(), newest())).toBe(true);
    expect(outcomes().at(-1)).toBe('refresh issued');
    expect(world.server.truth.family('crm')?.revoked).toBe(false);
  });
});

test('F56 the matrix has every crash point of every kind', () => {
  expect(cases).toHaveLength(44);
});

function row(strict: Rule, grace: Rule, nonRotating: Rule, loginFallback: Rule) {
  return { strict, grace, 'non-rotating': nonRotating, 'login fallback': loginFallback };
}
