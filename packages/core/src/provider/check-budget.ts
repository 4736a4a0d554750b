import type { Budget } from './provider-profile.js';

/** A spend is kept with its time: of more than these the row would be too large. */
const MOST_IN_A_WINDOW = 1_000;

/** One sentence for each mistake. What is wrong here would be found at the second login. */
export function* budgetProblems(budget: Budget): Iterable<string> {
  const { operation, limit, reserve = 0, windowMs, burst, refillMs, key } = budget;
  if (operation !== 'obtain' && operation !== 'refresh') {
    yield 'operation must be "obtain" or "refresh"';
  }
  if (!isCount(limit) || limit > MOST_IN_A_WINDOW) {
    yield `limit must be a whole number from 1 to ${MOST_IN_A_WINDOW}`;
  }
  if (reserve !== 0 && !(isCount(reserve) && reserve < limit)) {
    yield 'reserve must be a whole number below limit';
  }
  if (!isDuration(windowMs)) yield 'windowMs must be milliseconds above 0';
  if (!isCount(burst)) yield 'burst must be a whole number above 0';
  if (!isDuration(refillMs)) yield 'refillMs must be milliseconds above 0';
  if (typeof key !== 'function') yield 'key must be a function of the credentials';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isDuration(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) > 0;
}
