import { describe, expect, test } from '@jest/globals';
import { Secret, TokenError } from '@tokenkeep/core';
import { digitalRiver, type OAuth20Options, oauth20 } from '../src/index.js';

const base = { id: 'generic', baseUrl: 'https://api.example.com/v1/' };

describe('the profile', () => {
  test('Digital River: one grant after another, no refresh tokens', () => {
    const { id, contract, profile, refresh } = digitalRiver();
    expect({ id, contract, refresh }).toEqual({ id: 'digitalriver', contract: 1 });
    expect(profile).toEqual({
      apiOrigins: ['https://api.digitalriver.com'],
      renewal: 'ahead',
      refreshToken: 'none',
      inDoubt: 'never-resend',
      notProcessed: [429, 503],
      refreshRevokesAccessToken: false,
      revocationScope: 'token',
      lifetime: { defaultMs: 300_000, maxMs: 86_400_000, zeroMeans: 'invalid' },
      passwordLogin: false,
      budgets: [],
    });
  });

  test('what differs elsewhere is an option', () => {
    const single = { singleUse: true, reuseGraceMs: 1000 } as const;
    const provider = oauth20({
      ...base,
      refreshToken: single,
      inDoubt: 'resend-once',
      passwordLogin: true,
      defaultLifetimeMs: 1000,
      maxLifetimeMs: 2000,
    });
    expect(provider.refresh).toBeDefined();
    expect(provider.profile).toMatchObject({
      apiOrigins: ['https://api.example.com'],
      refreshToken: single,
      inDoubt: 'resend-once',
      refreshRevokesAccessToken: true,
      passwordLogin: true,
      lifetime: { defaultMs: 1000, maxMs: 2000 },
    });
  });

  test('a resource that issues tokens is not asked about them', () => {
    expect(oauth20({ ...base, resource: 'token' }).inspect).toBeUndefined();
    expect(oauth20(base).inspect).toBeDefined();
  });
});

describe('configuration', () => {
  test.each<[string, unknown, RegExp]>([
    ['no id', { baseUrl: base.baseUrl }, /id/],
    ['a misspelt option', { ...base, accessTokensPath: '/x' }, /accessTokensPath/],
    ['a base URL with query', { ...base, baseUrl: 'https://x.example/?a=1' }, /baseUrl: give/],
    ['a path without slash', { ...base, tokenPath: 'token' }, /tokenPath: start it with/],
    ['another mode', { ...base, resource: 'both' }, /resource/],
    ['another scheme', { ...base, scheme: 'MAC' }, /scheme/],
    ['a budget without key', { ...base, budgets: [{}] }, /budgets\.0: state/],
  ])('%s is refused in words that name it', (_name, options, words) => {
    const error = (() => {
      try {
        return oauth20(options as OAuth20Options);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(TokenError.is(error, 'CONFIGURATION_INVALID')).toBe(true);
    expect((error as TokenError).message).toMatch(words);
  });
});

describe('credentials', () => {
  const validate = (given: unknown, options: Partial<OAuth20Options> = {}) =>
    Promise.resolve(oauth20({ ...base, ...options }).credentials['~standard'].validate(given));

  test.each([
    [{ bearer: 'b' }],
    [{ bearer: new Secret('b') }],
    [{ clientId: 'i', clientSecret: 's' }],
    [{ clientId: 'i', clientSecret: new Secret('s'), grant: 'client_credentials' }],
    [{ clientId: 'i' }],
    [{ clientId: 'i', grant: 'password' }],
    [{ clientId: 'i', clientSecret: 's', scope: 'a', parameters: { x: 'y' } }],
  ])('%j are taken', async (given) => {
    const result = await validate(given);
    expect(result.issues).toBeUndefined();
  });

  test('secrets are Secrets afterwards', async () => {
    const result = await validate({ clientId: 'i', clientSecret: 's', parameters: { x: 'y' } });
    if (result.issues !== undefined) throw new Error('unexpected issues');
    expect(JSON.parse(JSON.stringify(result.value))).toEqual({
      grant: 'client_credentials',
      clientId: 'i',
      clientSecret: Secret.mask,
      parameters: { x: Secret.mask },
    });
  });

  test("a person's password needs a provider that caps its logins", async () => {
    const person = { clientId: 'i', username: 'u', password: 'secret-p' };
    const refused = await validate(person);
    expect(refused.issues?.[0]?.message).toContain('passwordLogin: true');
    expect(JSON.stringify(refused.issues)).not.toContain('secret-p');
    const taken = await validate(person, { passwordLogin: true });
    if (taken.issues !== undefined) throw new Error('unexpected issues');
    expect(taken.value).toMatchObject({ grant: 'password', username: 'u' });
  });

  test.each([
    {},
    null,
    { bearer: '' },
    { bearer: 'secret-b', clientId: 'i' },
    { clientSecret: 'secret-s' },
    { clientId: 'i', clientSecret: 'secret-s', grant: 'implicit' },
    { clientId: 'i', username: 'u' },
    { clientId: 'i', password: 'secret-p' },
  ])('%j are refused in words that quote no secret', async (given) => {
    const result = await validate(given, { passwordLogin: true });
    expect(result.issues?.[0]?.message).toMatch(/^(give|must) /);
    expect(JSON.stringify(result.issues)).not.toContain('secret-');
  });
});
