import { expect, test } from '@jest/globals';
import type { Budget } from '@tokenkeep/core';
import { oauth2 } from '@tokenkeep/provider-oauth2';

const budget: Budget = {
  operation: 'obtain',
  limit: 20,
  windowMs: 3_600_000,
  burst: 5,
  refillMs: 1_000,
  key: () => 'all',
};
const withBudget = (members: object) =>
  oauth2({
    id: 'idp',
    issuer: 'https://id.example.com',
    clientId: 'us',
    budgets: [{ ...budget, ...members }],
  });

test('a budget is taken as it is given', () => {
  expect(withBudget({ reserve: 2 }).profile.budgets).toEqual([{ ...budget, reserve: 2 }]);
});

test.each([
  ['limit', undefined],
  ['windowMs', undefined],
  ['windowMs', Number.NaN],
  ['burst', undefined],
  ['refillMs', '1000'],
  ['operation', 'revoke'],
  ['key', 'all'],
])('a budget whose %s is %s is no budget', (member, value) => {
  expect(() => withBudget({ [member]: value })).toThrow(
    expect.objectContaining({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('windowMs'),
    }),
  );
});
