import { describe, expect, test } from '@jest/globals';
import { httpProvider, type ProviderDeclaration } from '../src/index.js';

const good: ProviderDeclaration = {
  id: 'acme',
  baseUrl: 'https://id.acme.example',
  credentials: { user: { secret: false }, password: {}, code: { optional: true } },
  obtain: {
    url: '/login',
    form: { user: '{credentials.user}', password: '{credentials.password}' },
  },
  refresh: { url: '/refresh', form: { refresh_token: '{refreshToken}' } },
};

function complaint(change: object): string {
  try {
    httpProvider({ ...good, ...change });
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('the strictest profile is the default', () => {
  expect(httpProvider(good).profile).toEqual({
    apiOrigins: ['https://id.acme.example'],
    renewal: 'ahead',
    refreshToken: { singleUse: true, reuseGraceMs: 0 },
    inDoubt: 'never-resend',
    notProcessed: [429],
    refreshRevokesAccessToken: true,
    revocationScope: 'grant',
    lifetime: { defaultMs: 300_000, maxMs: 86_400_000, zeroMeans: 'invalid' },
    passwordLogin: true,
    budgets: [],
  });
});

test('without refresh there are no refresh tokens', () => {
  const { profile, refresh, revoke, inspect } = httpProvider({ ...good, refresh: undefined });
  expect(profile).toMatchObject({ refreshToken: 'none', refreshRevokesAccessToken: false });
  expect([refresh, revoke, inspect]).toEqual([undefined, undefined, undefined]);
});

describe('a mistake is named with its member and with what to write', () => {
  const obtain = good.obtain;
  const mistakes: readonly (readonly [what: string, change: object, says: string])[] = [
    ['a name of no member', { obtian: {} }, 'obtian: there is no such member'],
    [
      'nothing to do',
      { obtain: undefined, refresh: undefined },
      'obtain: is missing, and refresh too',
    ],
    ['an id with capitals', { id: 'Acme' }, 'id: use a-z, 0-9'],
    [
      'no URL',
      { baseUrl: undefined },
      'baseUrl: Invalid input: expected string, received undefined',
    ],
    ['a URL with a query', { baseUrl: 'https://a.example/?x' }, 'baseUrl: write https://host'],
    ['a URL with a password', { baseUrl: 'https://a:b@c.example' }, 'baseUrl: write https://host'],
    [
      'a slash too many',
      { baseUrl: 'https://a.example/' },
      'baseUrl: write https://host, and no query, user or final slash',
    ],
    ['a file URL', { baseUrl: 'file:///etc' }, 'baseUrl: write https://host'],
    ['a query in a URL', { obtain: { url: '/a?b' } }, 'obtain.url: begin it with / or https://'],
    ['a backslash', { obtain: { url: '/\\evil.example' } }, 'obtain.url: begin it with /'],
    [
      'a refresh that sends no refresh token',
      { refresh: { url: '/refresh', json: { grant: 'refresh' } } },
      "refresh: sends no '{refreshToken}'",
    ],
    [
      'a placeholder without quotes, which YAML reads as a group',
      { refresh: { url: '/refresh', json: { rt: { refreshToken: null } } } },
      "refresh.json.rt.refreshToken: quote it: '{refreshToken}'",
    ],
    [
      'an unknown placeholder',
      { obtain: { url: '/{credentials.usr}' } },
      'obtain.url: names what is not known here; known: {credentials.user}',
    ],
    [
      'a lone brace',
      { obtain: { url: '/a', form: { a: '{' } } },
      'obtain.form.a: a brace stands alone; write {name}, or {{',
    ],
    [
      'a refresh token in a login',
      { obtain: { url: '/a', form: { a: '{refreshToken}' } } },
      'obtain.form.a: names what is not known here',
    ],
    [
      'credentials in a revocation that are not declared',
      { revoke: { url: '/r', form: { s: '{credentials.nothing}' } } },
      'revoke.form.s: names what is not known here; known: {accessToken}, {refreshToken}',
    ],
    [
      'form and json',
      { obtain: { url: '/a', form: {}, json: {} } },
      'obtain: write one of form and json',
    ],
    [
      'GET with a body',
      { obtain: { url: '/a', method: 'GET', form: {} } },
      'obtain: write one of form and json; with GET only query',
    ],
    [
      'a header of the engine',
      { obtain: { url: '/a', headers: { Host: 'x' } } },
      'obtain.headers.Host: is written by the engine',
    ],
    [
      'a secret in a host',
      { obtain: { url: 'https://{credentials.password}.a.example/' } },
      'obtain.url: names a secret in a host',
    ],
    [
      'a refresh token in a host',
      { refresh: { url: 'https://{refreshToken}.a.example/' } },
      'refresh.url: names a secret in a host',
    ],
    [
      'a host that anybody owns',
      { obtain: { url: 'https://{target.tenant}/' } },
      'obtain.url: end the host with two fixed labels',
    ],
    [
      'a host under one label',
      { baseUrl: 'https://{target.tenant}.com' },
      'obtain.url: end the host with two fixed labels',
    ],
    [
      'needs of what is required',
      { obtain: { ...obtain, needs: ['user'] } },
      'obtain.needs: name optional credentials',
    ],
    [
      'a budget by a secret',
      { profile: { budgets: [{ operation: 'obtain', limit: 9, windowMs: 1, per: ['password'] }] } },
      'profile.budgets.0.per: name credentials with secret: false',
    ],
    [
      'a budget that is all in reserve',
      { profile: { budgets: [{ operation: 'obtain', limit: 2, windowMs: 1, reserve: 2 }] } },
      'profile.budgets.0.reserve: leave some of the limit',
    ],
    [
      'a duration as text',
      { profile: { lifetime: { defaultMs: '5m' } } },
      'profile.lifetime.defaultMs: Invalid input: expected number',
    ],
    [
      'a number that is not of JSON',
      { obtain: { url: '/a', json: { at: { big: 5n } } } },
      'obtain.json: is no JSON, or has more than 16 levels',
    ],
    [
      'a date that is not of JSON',
      { obtain: { url: '/a', json: { at: new Date(0) } } },
      'obtain.json: is no JSON',
    ],
    [
      'a final 500',
      { refusals: [{ status: [500], kind: 'grant_rejected' }] },
      'refusals.0: is final, and needs words: add at',
    ],
    [
      'a final anything',
      { refusals: [{ kind: 'credentials_rejected' }] },
      'refusals.0: is final, and needs words',
    ],
    [
      'a final 503 that says nothing',
      { refusals: [{ status: [503], at: 'token', present: false, kind: 'grant_rejected' }] },
      'refusals.0: is final, and needs words: add at',
    ],
    [
      'a final silence at any status',
      { refusals: [{ at: 'token', present: false, kind: 'grant_rejected' }] },
      'refusals.0: is final, and needs words: add at',
    ],
    [
      'a final header of whatever stands between',
      { refusals: [{ header: 'server', contains: ['nginx'], kind: 'credentials_rejected' }] },
      'refusals.0: is final, and needs words: add at',
    ],
    ['a rule that fits everything', { refused: [{}] }, 'refused.0: write at or header'],
    [
      'a comparison with nothing',
      { rejected: [{ status: [401], is: ['x'] }] },
      'rejected.0: write at or header',
    ],
    [
      'two values at once',
      { rejected: [{ at: 'a', header: 'b' }] },
      'rejected.0: write at or header, or status alone',
    ],
    [
      'any 401 as revoked',
      { revoke: { url: '/r', revoked: [{ status: [401] }] } },
      'revoke.revoked.0: is final, and needs words: add at',
    ],
    [
      'a lifetime in weeks',
      { reply: { lifetime: { at: 'a', as: 'weeks' } } },
      'reply.lifetime.as: Invalid option: expected one of "seconds"',
    ],
    [
      'refresh tokens without refresh',
      { refresh: undefined, profile: { refreshToken: 'reusable' } },
      'profile.refreshToken: write none without refresh',
    ],
    [
      'refresh without refresh tokens',
      { profile: { refreshToken: 'none' } },
      'profile.refreshToken: write none without refresh, and another word with it',
    ],
    [
      'the token in a query',
      { token: { query: 'access_token' } },
      'token.query: there is no such member',
    ],
    ['the token in Host', { token: { header: 'Host' } }, 'token.header: is written by the engine'],
    [
      'a pattern',
      { rejected: [{ at: 'error', matches: '(a+)+' }] },
      'rejected.0.matches: there is no such member',
    ],
    ['a function', { obtain: { url: () => '/a' } }, 'obtain.url: '],
  ];

  test.each(mistakes.map(([what, change, says]) => ({ what, change, says })))(
    '$what',
    ({ change, says }) => expect(complaint(change)).toContain(says),
  );

  test('JSON that goes on for ever', () => {
    const json: Record<string, unknown> = {};
    json.json = json;
    expect(complaint({ obtain: { url: '/a', json } })).toContain(
      'obtain.json: is no JSON, or has more than 16 levels',
    );
  });

  test('what is final may look at a header, or say nothing, below 500', () => {
    const refusals = [
      { status: [403], header: 'x-why', is: ['dead'], kind: 'grant_rejected' },
      { status: [400], at: 'token', present: false, kind: 'credentials_rejected' },
    ];
    const header = { status: [401], header: 'www-authenticate', contains: ['invalid_token'] };
    expect(complaint({ refusals, revoke: { url: '/r', revoked: [header] } })).toBe('');
  });

  test('all of them at once, and none of their values', () => {
    const said = complaint({ id: 'CANARY 1', baseUrl: 'CANARY-2', token: { scheme: 'CANARY 3' } });
    expect(said).toMatch(/ id: .*; token\.scheme: /);
    expect(said).not.toContain('CANARY');
  });
});
