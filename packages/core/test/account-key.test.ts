import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AccountParts, accountId, normalScope } from '../src/account/account-key.js';

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const parts: fc.Arbitrary<AccountParts> = fc
  .record(
    {
      provider: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
      account: word,
      tenant: word,
      resource: word,
      scope: word,
    },
    { requiredKeys: ['provider', 'account'] },
  )
  .map((made) => made as AccountParts);

describe('the name of an account', () => {
  test('says all of its parts', () => {
    expect(accountId({ provider: 'chatapp', account: 'crm' })).toBe('chatapp/crm');
    const all = {
      provider: 'p',
      account: 'a/b',
      tenant: 't=1;x',
      resource: 'https://r',
      scope: 'b a',
    };
    expect(accountId(all)).toBe('p/a%2Fb;tenant=t%3D1%3Bx;resource=https%3A%2F%2Fr;scope=a%20b');
  });

  test('I8 is the same for two accounts only if every part is', () => {
    const meaning = ({ provider, account, tenant, resource, scope }: AccountParts) =>
      JSON.stringify([
        provider,
        account,
        tenant ?? null,
        resource ?? null,
        scope === undefined ? null : normalScope(scope),
      ]);
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(accountId(a) === accountId(b)).toBe(meaning(a) === meaning(b));
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    [
      { provider: 'p', account: 'a', tenant: 'b' },
      { provider: 'p', account: 'a;tenant=b' },
    ],
    [
      { provider: 'p', account: 'a', tenant: 'x;scope=y' },
      { provider: 'p', account: 'a', tenant: 'x', scope: 'y' },
    ],
    [
      { provider: 'p/a', account: 'b' },
      { provider: 'p', account: 'a/b' },
    ],
    [
      { provider: 'p', account: 'a', tenant: '' },
      { provider: 'p', account: 'a' },
    ],
    [
      { provider: 'p', account: 'a', scope: '' },
      { provider: 'p', account: 'a' },
    ],
  ])('I8 %j is not %j', (a, b) => {
    expect(accountId(a)).not.toBe(accountId(b));
  });

  test('half a character is no name', () => {
    for (const name of ['provider', 'account', 'tenant', 'resource', 'scope']) {
      const broken = { provider: 'p', account: 'a', [name]: 'x\ud800' };
      expect(() => accountId(broken)).toThrow(`The ${name} of an account is not text`);
    }
  });

  test('scopes are a set, RFC 6749 section 3.3', () => {
    expect(normalScope('b  a b ')).toBe('a b');
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,3}$/)), (scopes) => {
        const turned = [...scopes].reverse().join(' ');
        expect(normalScope(turned)).toBe(normalScope(scopes.join(' ')));
        expect(normalScope(normalScope(turned))).toBe(normalScope(turned));
      }),
    );
  });
});
