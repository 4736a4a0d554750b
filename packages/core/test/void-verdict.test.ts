import { describe, expect, test } from '@jest/globals';
import { reviewed } from '../src/renewal/void-verdict.js';
import type { AccountRecord } from '../src/store/account-record.js';
import { issuedAt, pair } from './policy-situation.js';

const refresh = { sealed: 'y', issuedAt, lifetimeMs: 1 };

/** An account that only a person could help, because of what was believed of these refusals. */
function givenUp(...believed: ('refresh' | 'obtain')[]): AccountRecord {
  const latch = believed.includes('obtain') ? { rejectedCredentials: 'print' } : {};
  return pair({
    state: 'reauthorization_required',
    reason: 'refresh_token_rejected',
    refresh: { ...refresh, dead: true },
    guard: {
      failures: 2,
      slots: [],
      ambiguous: 0,
      freeStep: true,
      ...latch,
      refused: { at: 7, believed },
    },
  });
}

describe('after an incident', () => {
  const incident = { kind: 'void', cause: 'refresh' } as const;

  test('a dead refresh token lives, and is not asked for before its turn', () => {
    const { state, refresh: alive, guard, reason } = reviewed(givenUp('refresh'), incident);
    expect({ state, alive, reason }).toEqual({ state: 'live', alive: refresh, reason: undefined });
    expect(guard).toEqual({
      failures: 2,
      slots: [],
      ambiguous: 0,
      refused: { at: 7, believed: [] },
    });
  });

  test('credentials are tried again as well', () => {
    const { guard, refresh: alive } = reviewed(givenUp('refresh', 'obtain'), incident);
    expect(guard.rejectedCredentials).toBeUndefined();
    expect(alive?.dead).toBeUndefined();
  });

  test('credentials that were rejected long before it stay latched', () => {
    const record = givenUp('refresh');
    const latched = { ...record, guard: { ...record.guard, rejectedCredentials: 'print' } };
    expect(reviewed(latched, incident).guard.rejectedCredentials).toBe('print');
  });

  test('of logins alone, a dead refresh token stays dead', () => {
    const loginsOnly = { kind: 'void', cause: 'obtain' } as const;
    const record = reviewed(givenUp('refresh', 'obtain'), loginsOnly);
    expect(record.refresh?.dead).toBe(true);
    expect(record.guard.rejectedCredentials).toBeUndefined();
    expect(record.state).toBe('live');
    expect(reviewed(givenUp('refresh'), loginsOnly)).toMatchObject({
      state: 'reauthorization_required',
      refresh: { dead: true },
      guard: { failures: 2 },
    });
  });

  test('an account that was revoked meanwhile stays revoked', () => {
    expect(reviewed({ ...givenUp('refresh'), state: 'revoked' }, incident).state).toBe('revoked');
  });
});

test('a verdict that lasted is only no longer looked at', () => {
  const record = givenUp('refresh', 'obtain');
  const { refused: _mark, ...guard } = record.guard;
  expect(reviewed(record, { kind: 'final' })).toEqual({ ...record, guard });
});
