import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decideRenewal, isForced, type Situation } from '../src/renewal/renewal-policy.js';
import { newRecord } from '../src/store/account-record.js';
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

const refresh = { step: 'refresh', resend: false };
const resend = { step: 'refresh', resend: true };
const obtain = expect.objectContaining({ step: 'obtain' });
const nothing = { step: 'nothing' };

const decide = (ageMs: number, more: Partial<Situation> = {}) =>
  decideRenewal(situation(ageMs, more));

describe('the ladder', () => {
  test('refreshes, where there is a refresh token that lives', () => {
    expect(decide(2 * HOUR)).toEqual(refresh);
  });

  test.each([
    ['has ended', pair({ refresh: { sealed: 'y', issuedAt, lifetimeMs: HOUR } }), 'expired'],
    ['was refused', pair({ refresh: { sealed: 'y', issuedAt, dead: true } }), 'rejected'],
  ])('logs in where the refresh token %s, and asks for a person last', (_what, record, why) => {
    expect(decide(2 * HOUR, { record })).toEqual(obtain);
    expect(decide(2 * HOUR, { record, canObtain: 'no_credentials' })).toEqual({
      step: 'reauthorize',
      reason: `refresh_token_${why}`,
    });
    expect(decide(2 * HOUR, { record, canObtain: 'credentials_rejected' })).toEqual({
      step: 'reauthorize',
      reason: 'credentials_rejected',
    });
  });

  test('logs in where there never was a token', () => {
    const record = newRecord('1.abc');
    expect(decide(0, { record })).toEqual(obtain);
    expect(decide(0, { record, canObtain: 'no_credentials' })).toMatchObject({
      reason: 'no_refresh_token',
    });
  });

  test('sends nothing for a revoked account, whatever asks', () => {
    const record = pair({ state: 'revoked' });
    for (const kind of ['caller', 'schedule'] as const) {
      const refused = { step: 'refuse', reason: 'revoked' };
      expect(decide(2 * HOUR, { record, trigger: { kind } })).toEqual(refused);
    }
  });
});

describe('a renewal is wanted', () => {
  test('ahead of the end, where the provider is renewed ahead', () => {
    expect(decide(30 * MINUTE)).toEqual(nothing);
    expect(decide(58 * MINUTE)).toEqual(refresh);
  });

  test('only once the token has ended, where the provider asks for that', () => {
    const chatApp = { profile: onDemand };
    expect(decide(HOUR - 2 * SECOND, chatApp)).toEqual(nothing);
    expect(decide(HOUR, chatApp)).toEqual(refresh);
  });

  test('by a refusal or a request of the generation at hand, and of no other', () => {
    for (const kind of ['refusal', 'renew'] as const) {
      expect(decide(0, { trigger: { kind, generation: 4 } })).toEqual(refresh);
      expect(decide(0, { trigger: { kind, generation: 3 } })).toEqual(nothing);
    }
  });

  test('of an idle account by a caller, but not by the schedule', () => {
    const record = newRecord('1.abc');
    const idle = { ...record, state: 'idle' } as const;
    expect(decide(0, { record: idle, trigger: { kind: 'schedule' } })).toEqual(nothing);
    expect(decide(0, { record: idle })).toEqual(obtain);
  });

  test('at half of the refresh token by the schedule: always ahead, on demand with keepAlive', () => {
    const schedule = { kind: 'schedule' } as const;
    const longAccess = { sealed: 'x', tokenType: 'Bearer', issuedAt, lifetimeMs: 300 * DAY };
    const record = pair({ access: longAccess });
    const half = { record, trigger: schedule };
    expect(decide(7 * DAY - 1, half)).toEqual(nothing);
    expect(decide(7 * DAY, half)).toEqual(refresh);
    expect(decide(7 * DAY, { ...half, profile: onDemand })).toEqual(nothing);
    expect(decide(7 * DAY, { ...half, profile: onDemand, keepAlive: true })).toEqual(refresh);
  });

  test('where the machine was off for an unknown time: a deadline of an earlier epoch has passed', () => {
    const time = { epoch: 4, ms: issuedAt.ms + 1 };
    expect(decide(0, { time })).not.toEqual(nothing);
  });
});

test('a refusal of one of two pairs of a generation asks for nothing where the other one stands', () => {
  const record = pair({ committedBy: 'attempt-2' });
  const refusal = (committedBy: string) =>
    ({ kind: 'refusal', generation: 4, committedBy }) as const;
  const at = 10 * MINUTE;
  expect(decide(at, { record, trigger: refusal('attempt-1') })).toEqual(nothing);
  expect(decide(at, { record, trigger: refusal('attempt-2') })).toEqual(refresh);
});

describe('a rotation in doubt', () => {
  const doubt = (more = {}) => pair({ sent: sent(more) });

  test('of a provider that is never sent again: the access token serves, then one login', () => {
    expect(decide(50 * MINUTE, { record: doubt() })).toEqual(nothing);
    expect(decide(2 * HOUR, { record: doubt() })).toEqual(obtain);
    const refusal = { kind: 'refusal', generation: 4 } as const;
    expect(decide(10 * MINUTE, { record: doubt(), trigger: refusal })).toEqual(obtain);
  });

  test('waits until no sender can commit any more, unless the sender is known to have ended', () => {
    const record = pair({ sent: sent({ sentAt: { ...issuedAt, ms: issuedAt.ms + HOUR } }) });
    const early = { record };
    const untilMs = issuedAt.ms + HOUR + 95 * SECOND;
    expect(decide(HOUR + MINUTE, early)).toEqual({ step: 'wait', untilMs, reason: 'in_doubt' });
    expect(decide(HOUR + 95 * SECOND, early)).toEqual(obtain);
    expect(decide(HOUR + MINUTE, { ...early, senderGone: true })).toEqual(obtain);
    const ended = pair({ sent: { ...record.sent, ...sent({ ended: true }) } });
    expect(decide(HOUR + MINUTE, { record: ended })).toEqual(obtain);
  });

  test('gives those a moment whom the store was cut off from', () => {
    const record = doubt();
    const late = { record, sinceStoreReturnMs: 4 * SECOND };
    expect(decide(2 * HOUR, late)).toEqual({
      step: 'wait',
      untilMs: issuedAt.ms + 2 * HOUR + 6 * SECOND,
      reason: 'in_doubt',
    });
  });

  test('is sent again once where the profile says so, and never a third time', () => {
    const chatApp = { profile: onDemand };
    expect(decide(2 * HOUR, { ...chatApp, record: doubt({ ended: true }) })).toEqual(resend);
    expect(decide(2 * HOUR, { ...chatApp, record: doubt({ sends: 2, ended: true }) })).toEqual(
      obtain,
    );
  });

  test('is sent again within the grace of the provider, and not in its last five seconds', () => {
    const refreshToken = { singleUse: true, reuseGraceMs: 30 * SECOND } as const;
    const profile = { ...strict, refreshToken };
    const trigger = { kind: 'renew', generation: 4 } as const;
    const within = { profile, trigger, record: doubt() };
    expect(decide(24 * SECOND, within)).toEqual(resend);
    expect(decide(25 * SECOND, within)).not.toEqual(resend);
  });

  test('asks for a person where there are no credentials', () => {
    const gone = { record: doubt(), canObtain: 'no_credentials' } as const;
    expect(decide(2 * HOUR, gone)).toEqual({ step: 'reauthorize', reason: 'rotation_lost' });
  });

  test('never simply refreshes, whatever the moment', () => {
    const ages = fc.integer({ min: 0, max: 40 * DAY });
    const kinds = fc.constantFrom('caller', 'schedule', 'refusal', 'renew');
    const facts = fc.record({ sends: fc.integer({ min: 1, max: 3 }), ended: fc.boolean() });
    const profiles = fc.constantFrom(strict, onDemand);
    fc.assert(
      fc.property(ages, kinds, facts, profiles, fc.boolean(), (age, kind, fact, profile, gone) => {
        const trigger = { kind, generation: 4 } as Situation['trigger'];
        const record = doubt(fact);
        const decision = decide(age, { trigger, record, profile, senderGone: gone });
        expect(decision).not.toEqual(refresh);
        if (fact.sends >= 2 || profile === strict) expect(decision).not.toEqual(resend);
      }),
      { numRuns: 3_000 },
    );
  });
});

test('a security rotation logs in, or does nothing where it cannot', () => {
  const trigger = { kind: 'rotation', generation: 4 } as const;
  expect(decide(0, { trigger })).toEqual(obtain);
  expect(decide(0, { trigger, canObtain: 'no_credentials' })).toEqual(nothing);
});

describe("what only an API's refusal asks for", () => {
  const refused = (more = {}) => {
    const access = { sealed: 'x', tokenType: 'Bearer', issuedAt, lifetimeMs: HOUR, refused: true };
    return pair({ access, ...more });
  };
  const forced = (ageMs: number, more: Partial<Situation>) => isForced(situation(ageMs, more));

  test('is forced, whoever comes with it: a caller who was not the one that was refused as well', () => {
    const trigger = { kind: 'refusal', generation: 4 } as const;
    expect(forced(MINUTE, { trigger })).toBe(true);
    expect(forced(MINUTE, { profile: onDemand, record: refused() })).toBe(true);
  });

  test('is not what ends a doubt, nor what replaces a token that has ended or is renewed ahead', () => {
    expect(forced(2 * HOUR, { profile: onDemand, record: refused() })).toBe(false);
    expect(forced(MINUTE, { profile: onDemand, record: refused({ sent: sent() }) })).toBe(false);
    expect(forced(50 * MINUTE, { profile: strict, record: refused() })).toBe(false);
  });
});
