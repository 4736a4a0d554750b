import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { freshGuard } from '../src/guard/guard-state.js';
import { defaultParameters } from '../src/parameters/parameters.js';
import { nextAction, type Plan } from '../src/renewal/next-due.js';
import { decideRenewal } from '../src/renewal/renewal-policy.js';
import { type AccountRecord, newRecord } from '../src/store/account-record.js';
import {
  DAY,
  HOUR,
  issuedAt,
  MINUTE,
  onDemand,
  pair,
  SECOND,
  sent,
  situation,
  strict,
} from './policy-situation.js';

const credentials = { username: 'ada' };
const config = { provider: 'crm-api', account: 'crm', credentials };

/** What is next, and in how many ms from the moment the pair was issued. */
function next(record: AccountRecord, plan: Partial<Plan> = {}, ageMs = 0) {
  const whole = {
    account: 'crm-api/crm',
    config,
    profile: strict,
    revocable: true,
    parameters: defaultParameters,
    upstreamMoved: false,
    senderGone: false,
    ...plan,
  };
  const action = nextAction(whole, record, { ...issuedAt, ms: issuedAt.ms + ageMs });
  return action && { action: action.action, inMs: action.at - issuedAt.ms };
}

describe('an account is due', () => {
  test('at its advisory moment, where it is renewed ahead', () => {
    const due = next(pair());
    expect(due?.action).toBe('renew');
    expect(due?.inMs).toBeGreaterThanOrEqual(0.6 * HOUR - SECOND);
    expect(due?.inMs).toBeLessThanOrEqual(0.8 * HOUR);
  });

  test('never, where it is renewed on demand and nobody keeps it alive', () => {
    expect(next(pair(), { profile: onDemand })).toBeUndefined();
  });

  test('a minute after it was given up in what may be an incident, and not once that is settled', () => {
    const state = 'reauthorization_required';
    const given = (refused: object) => pair({ state, guard: { ...freshGuard, ...refused } });
    const refused = { at: issuedAt.ms, believed: ['refresh' as const] };
    expect(next(given({ refused }))).toEqual({ action: 'review', inMs: MINUTE });
    expect(next(given({ refused: { ...refused, believed: [] } }))).toBeUndefined();
    expect(next(given({}))).toBeUndefined();
  });

  test('at half of its refresh token, counted from its last use, where no renewal replaces it', () => {
    const renewed = { ...issuedAt, ms: issuedAt.ms + 8 * DAY };
    const access = { sealed: 'x', tokenType: 'Bearer', issuedAt: renewed, lifetimeMs: HOUR };
    const keptAlive = { profile: onDemand, config: { ...config, keepAlive: true } };
    const due = next(pair({ access }), keptAlive, 8 * DAY);
    expect(due).toEqual({ action: 'keep_alive', inMs: 15 * DAY });
    const { step } = decideRenewal(
      situation(8 * DAY + MINUTE, { record: pair({ access }), trigger: { kind: 'schedule' } }),
    );
    expect(step).toBe('nothing');
  });

  test('at half of its refresh token with keepAlive', () => {
    const plan = { profile: onDemand, config: { ...config, keepAlive: true } };
    expect(next(pair(), plan)).toEqual({ action: 'keep_alive', inMs: 7 * DAY });
  });

  test('at the end of the last session lease, where its server can end the token', () => {
    const at = (inMs: number) => issuedAt.ms + inMs;
    const sessions = [
      { id: 'a', until: at(30 * SECOND) },
      { id: 'b', until: at(MINUTE) },
    ];
    const held = pair({ sessions });
    expect(next(held, { profile: onDemand })).toEqual({ action: 'end_session', inMs: MINUTE });
    expect(next(held, { profile: onDemand, revocable: false })).toBeUndefined();
  });

  test.each(['idle', 'reauthorization_required', 'revoked'] as const)(
    'never while it is %s',
    (state) => {
      expect(next(pair({ state }))).toBeUndefined();
    },
  );

  test('at once, where it has no token yet', () => {
    expect(next(newRecord('1.abc'))).toEqual({ action: 'renew', inMs: 0 });
  });

  test('not before the guard allows it, except for a step down the ladder', () => {
    const notBefore = issuedAt.ms + 3 * HOUR;
    const guard = { failures: 3, slots: [], ambiguous: 0, notBefore };
    expect(next(pair({ guard }))).toMatchObject({ inMs: 3 * HOUR });
    expect(next(pair({ guard: { ...guard, freeStep: true } }))?.inMs).toBeLessThan(HOUR);
  });

  test('for what is to be ended at the server, also after it was revoked', () => {
    const retiring = [
      {
        id: 'r',
        sealed: 'z',
        incarnation: '1.abc',
        generation: 3,
        after: issuedAt.ms + 9,
        attempts: 0,
      },
    ];
    const due = next(pair({ state: 'revoked', retiring }));
    expect(due).toEqual({ action: 'revoke', inMs: 9 });
  });

  test('for a security rotation', () => {
    const rotateAt = issuedAt.ms + MINUTE;
    expect(next(pair({ rotateAt }))).toEqual({ action: 'rotate', inMs: MINUTE });
  });
});

describe('an account in doubt is due', () => {
  test('for its login when the access token ends, not before', () => {
    const due = next(pair({ sent: sent({ ended: true }) }), {}, MINUTE);
    expect(due).toEqual({ action: 'settle_doubt', inMs: HOUR - SECOND });
  });

  test('for the news that only a person helps, as soon as that is certain', () => {
    const { credentials: _none, ...without } = config;
    const due = next(pair({ sent: sent() }), { config: without }, MINUTE);
    expect(due).toEqual({ action: 'settle_doubt', inMs: 95 * SECOND });
  });

  test('for its one resend as soon as no sender can commit any more', () => {
    const due = next(pair({ sent: sent() }), { profile: onDemand }, MINUTE);
    expect(due).toEqual({ action: 'settle_doubt', inMs: 95 * SECOND });
  });

  test('for a first look when the lease of its sender has run out', () => {
    const due = next(pair({ sent: sent() }), { profile: onDemand }, 2 * SECOND);
    expect(due).toEqual({ action: 'settle_doubt', inMs: 10 * SECOND });
  });

  test('at once where its sender is provably gone', () => {
    const due = next(pair({ sent: sent() }), { profile: onDemand, senderGone: true }, 12 * SECOND);
    expect(due).toEqual({ action: 'settle_doubt', inMs: 12 * SECOND });
  });
});

test('what is due finds something to do or to wait for: the schedule never comes for nothing', () => {
  const lives = fc.integer({ min: 1, max: 40 * 24 * 60 });
  const maybeSent = fc.option(
    fc.record({ sends: fc.integer({ min: 1, max: 2 }), ended: fc.boolean() }),
    { nil: undefined },
  );
  const profiles = fc.constantFrom(strict, onDemand);
  fc.assert(
    fc.property(lives, lives, maybeSent, profiles, (access, refresh, doubt, profile) => {
      const record = pair({
        access: { sealed: 'x', tokenType: 'Bearer', issuedAt, lifetimeMs: access * MINUTE },
        refresh: { sealed: 'y', issuedAt, lifetimeMs: refresh * MINUTE },
        ...(doubt === undefined ? {} : { sent: sent(doubt) }),
      });
      const keepAlive = { ...config, keepAlive: true };
      const due = next(record, { profile, config: keepAlive });
      if (due === undefined) return;
      expect(due.inMs).toBeGreaterThanOrEqual(0);
      const trigger = { kind: 'schedule' } as const;
      const then = situation(due.inMs, { record, profile, trigger, keepAlive: true });
      expect(decideRenewal(then).step).not.toBe('nothing');
    }),
    { numRuns: 3_000 },
  );
});
