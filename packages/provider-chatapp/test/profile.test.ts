import { describe, expect, test } from '@jest/globals';
import { Secret, TokenError } from '@tokenkeep/core';
import { type ChatAppOptions, chatApp } from '../src/index.js';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

describe('the profile', () => {
  test('states the vendor rules, and the strictest reading where there are none', () => {
    const { id, contract, profile, revoke } = chatApp();
    expect({ id, contract, revoke }).toEqual({ id: 'chatapp', contract: 1, revoke: undefined });
    expect(profile).toEqual({
      apiOrigins: ['https://api.chatapp.online'],
      renewal: 'on-demand',
      refreshToken: { singleUse: true, reuseGraceMs: 0 },
      inDoubt: 'resend-once',
      notProcessed: [429],
      refreshRevokesAccessToken: true,
      revocationScope: 'grant',
      lifetime: { defaultMs: DAY_MS, maxMs: DAY_MS, zeroMeans: 'invalid' },
      passwordLogin: true,
      budgets: [
        {
          operation: 'obtain',
          limit: 100,
          reserve: 10,
          windowMs: DAY_MS,
          burst: 5,
          refillMs: 17 * MINUTE_MS,
          key: expect.any(Function),
        },
      ],
    });
  });

  test('logins are counted by e-mail and app id, whatever the spelling of the e-mail', () => {
    const [budget] = chatApp().profile.budgets;
    const key = (email: string, appId: string, password: string | Secret = 'p') =>
      budget?.key({ email, appId, password });
    expect(key('A@example.com ', 'app_1_1')).toBe(key('a@example.com', 'app_1_1', new Secret('q')));
    expect(key('a@example.com', 'app_1_2')).not.toBe(key('a@example.com', 'app_1_1'));
    expect(key('b@example.com', 'app_1_1')).not.toBe(key('a@example.com', 'app_1_1'));
  });

  test('what the vendor does not document is an option', () => {
    const { profile, id } = chatApp({
      id: 'chatapp-eu',
      baseUrl: 'https://eu.example.com/chat/',
      reuseGraceMs: 30_000,
      inDoubt: 'never-resend',
      notProcessed: [],
      refreshRevokesAccessToken: false,
      maxLifetimeMs: 1000,
    });
    expect(id).toBe('chatapp-eu');
    expect(profile).toMatchObject({
      apiOrigins: ['https://eu.example.com'],
      refreshToken: { singleUse: true, reuseGraceMs: 30_000 },
      inDoubt: 'never-resend',
      notProcessed: [],
      refreshRevokesAccessToken: false,
      lifetime: { maxMs: 1000 },
    });
  });
});

describe('configuration', () => {
  test.each<[string, unknown, RegExp]>([
    ['a misspelt option', { baseURL: 'https://x.example' }, /baseURL/],
    ['a base URL that is none', { baseUrl: 'api.chatapp.online' }, /baseUrl: give an absolute URL/],
    ['a password in the URL', { baseUrl: 'https://u:hunter2@x.example' }, /baseUrl: give/],
    ['another language', { lang: 'fr' }, /lang/],
    [
      'an origin with a path',
      { apiOrigins: ['https://x.example/api'] },
      /apiOrigins\.0: give an origin/,
    ],
    ['an id in upper case', { id: 'ChatApp' }, /id: use lower-case/],
    ['a negative grace', { reuseGraceMs: -1 }, /reuseGraceMs/],
  ])('%s is refused in words that name it', (_name, options, words) => {
    const error = (() => {
      try {
        return chatApp(options as ChatAppOptions);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(TokenError.is(error, 'CONFIGURATION_INVALID')).toBe(true);
    expect((error as TokenError).message).toMatch(words);
    expect((error as TokenError).message).not.toContain('hunter2');
  });

  test('the password may be a string or a Secret, and is a Secret afterwards', async () => {
    const { credentials } = chatApp();
    for (const password of ['pw', new Secret('pw')]) {
      const result = await credentials['~standard'].validate({ email: 'e', appId: 'a', password });
      if (result.issues !== undefined) throw new Error('unexpected issues');
      expect(result.value.password.reveal()).toBe('pw');
      expect(JSON.stringify(result.value)).not.toContain('"pw"');
    }
  });

  test.each([
    {},
    { email: 'e', password: 'pw' },
    { email: 'e', password: '', appId: 'a' },
    { email: 'e', password: 7, appId: 'a' },
    { email: '', password: 'pw', appId: 'a' },
  ])('credentials %j are refused, without quoting the password', async (given) => {
    const result = await chatApp().credentials['~standard'].validate(given);
    expect(result.issues).toBeDefined();
    expect(JSON.stringify(result.issues)).not.toContain('pw');
  });
});
