import { expect, test } from '@jest/globals';
import { budgetProblems } from '../src/provider/check-budget.js';
import type { Budget } from '../src/provider/provider-profile.js';

const HOUR = 3_600_000;
const good: Budget = {
  operation: 'obtain',
  limit: 100,
  reserve: 5,
  windowMs: 24 * HOUR,
  burst: 5,
  refillMs: HOUR,
  key: () => 'crm',
};

test.each<[string, Record<string, unknown>, RegExp | undefined]>([
  ['as it should be', {}, undefined],
  ['without a reserve', { reserve: undefined }, undefined],
  ['of another operation', { operation: 'login' }, /^operation /],
  ['of nothing', { limit: 0, reserve: 0 }, /^limit must be a whole number from 1 to 1000$/],
  ['of more than a row can hold', { limit: 1_001 }, /^limit /],
  ['that is all reserve', { reserve: 100 }, /^reserve must be a whole number below limit$/],
  ['without a window', { windowMs: undefined }, /^windowMs must be milliseconds above 0$/],
  ['without a burst', { burst: undefined }, /^burst /],
  ['that never refills', { refillMs: Number.NaN }, /^refillMs /],
  ['without a key', { key: 'email' }, /^key must be a function of the credentials$/],
])('a budget %s', (_, change, says) => {
  const problems = [...budgetProblems({ ...good, ...change } as Budget)];
  expect(problems).toEqual(says === undefined ? [] : [expect.stringMatching(says)]);
});
