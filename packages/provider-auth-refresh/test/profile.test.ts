import { describe, expect, test } from '@jest/globals';
import { type Budget, Secret, TokenError } from '@tokenkeep/core';
import { type AuthRefreshOptions, authRefresh, teletracker } from '../src/index.js';

const HOUR_MS = 3_600_000;
const base = { id: 'generic', baseUrl: 'https://api.example.com/v1/' };

describe('the profile', () => {
  test('TeleTracker: a used token fails, so none is sent twice', () => {
    const { id, contract, profile, revoke, inspect } = teletracker();
    expect({ id, contract, revoke, inspect }).toEqual({ id: 'teletracker', contract: 1 });
    expect(profile).toEqual({
      apiOrigins: ['https://api.teletracker.net'],
      renewal: 'ahead',
      refreshToken: { singleUse: true, reuseGraceMs: 0 },
      inDoubt: 'never-resend',
      notProcessed: [429, 503],
      refreshRevokesAccessToken: true,
      revocationScope: 'grant',
      lifetime: { defaultMs: HOUR_MS, maxMs: 24 * HOUR_MS, zeroMeans: 'invalid' },
      passwordLogin: true,
      budgets: [],
    });
  });

  test('what differs elsewhere is an option', () => {
    const budget: Budget = {
      operation: 'obtain',
      limit: 10,
      windowMs: HOUR_MS,
      burst: 1,
      refillMs: 1000,
      key: () => 'all',
    };
    const { profile } = authRefresh({
      ...base,
      apiOrigins: ['https://data.example.com'],
      refreshToken: 'reusable',
      inDoubt: 'resend-once',
      notProcessed: [],
      refreshRevokesAccessToken: false,
      lifetime: { maxMs: 2 * HOUR_MS, zeroMeans: 'never' },
      budgets: [budget],
    });
    expect(profile).toMatchObject({
      apiOrigins: ['https://data.example.com'],
      refreshToken: 'reusable',
      inDoubt: 'resend-once',
      notProcessed: [],
      refreshRevokesAccessToken: false,
      lifetime: { defaultMs: 300_000, maxMs: 2 * HOUR_MS, zeroMeans: 'never' },
    });
    expect(profile.budgets[0]?.key({})).toBe('all');
    const graceful = teletracker({ refreshToken: { singleUse: true, reuseGraceMs: 30_000 } });
    expect(graceful.profile.refreshToken).toEqual({ singleUse: true, reuseGraceMs: 30_000 });
  });
});

describe('configuration', () => {
  test.each<[string, unknown, RegExp]>([
    ['no id', { baseUrl: base.baseUrl }, /id/],
    ['a misspelt option', { ...base, logon: {} }, /logon/],
    ['a relative base URL', { ...base, baseUrl: '/auth' }, /baseUrl: give an absolute URL/],
    ['a path without slash', { ...base, login: { path: 'login' } }, /login\.path: start it with/],
    ['a path with query', { ...base, refresh: { path: '/r?x=1' } }, /refresh\.path/],
    [
      'a header name with a space',
      { ...base, refresh: { token: { in: 'header', name: 'X Refresh' } } },
      /refresh\.token\.name: use the characters/,
    ],
    ['a scheme of two words', { ...base, scheme: 'Bearer x' }, /scheme: use one word/],
    ['a budget without key', { ...base, budgets: [{ operation: 'obtain' }] }, /budgets\.0: state/],
    ['a success status as rejection', { ...base, rejectionStatuses: [200] }, /rejectionStatuses/],
  ])('%s is refused in words that name it', (_name, options, words) => {
    const error = (() => {
      try {
        return authRefresh(options as AuthRefreshOptions);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(TokenError.is(error, 'CONFIGURATION_INVALID')).toBe(true);
    expect((error as TokenError).message).toMatch(words);
  });

  test('the password may be a string or a Secret, and is a Secret afterwards', async () => {
    const { credentials } = teletracker();
    for (const password of ['pw', new Secret('pw')]) {
      const given = { username: 'u', password, accountId: 7 };
      const result = await credentials['~standard'].validate(given);
      if (result.issues !== undefined) throw new Error('unexpected issues');
      expect(result.value.password.reveal()).toBe('pw');
      expect(result.value.accountId).toBe(7);
    }
  });

  test.each([
    {},
    { username: 'u', password: '' },
    { username: 'u', password: 'pw', account_id: 7 },
    { username: 'u', password: 'pw', accountId: 1.5 },
  ])('credentials %j are refused, without quoting the password', async (given) => {
    const result = await teletracker().credentials['~standard'].validate(given);
    expect(result.issues).toBeDefined();
    expect(JSON.stringify(result.issues)).not.toContain('"pw"');
  });
});
