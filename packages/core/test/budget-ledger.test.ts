import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type BudgetLedger,
  budgetLevel,
  defaultLoginBudget,
  emptyLedger,
  spend,
} from '../src/guard/budget-ledger.js';
import type { Budget } from '../src/provider/provider-profile.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

const ninety: Budget = {
  operation: 'obtain',
  limit: 100,
  reserve: 10,
  windowMs: DAY,
  burst: 5,
  refillMs: 17 * MINUTE,
  key: () => 'anybody',
};

/** Asks at each moment, and returns when it was granted. */
function grants(budget: Budget, moments: readonly number[], start = moments[0] ?? 0): number[] {
  let ledger = emptyLedger(budget, start);
  const granted: number[] = [];
  for (const now of moments) {
    const result = spend(ledger, budget, now);
    if (!result.granted) continue;
    ledger = result.ledger;
    granted.push(now);
  }
  return granted;
}

function mostInAWindow(moments: readonly number[], windowMs: number): number {
  return Math.max(
    0,
    ...moments.map((from) => moments.filter((at) => at >= from && at < from + windowMs).length),
  );
}

const budgets = fc.record({
  limit: fc.integer({ min: 1, max: 40 }),
  reserveShare: fc.double({ min: 0, max: 0.9, noNaN: true }),
  windowMs: fc.integer({ min: 1_000, max: 10_000_000 }),
  burst: fc.integer({ min: 1, max: 10 }),
  refillMs: fc.integer({ min: 1, max: 1_000_000 }),
});
const anyBudget = budgets.map(
  ({ limit, reserveShare, ...rest }): Budget => ({
    operation: 'obtain',
    limit,
    reserve: Math.floor((limit - 1) * reserveShare),
    key: () => 'anybody',
    ...rest,
  }),
);
/** Fractions too: the monotonic clock that carries the store's time has them. */
const anyGaps = fc.array(fc.double({ min: 0, max: 400_000, noNaN: true }), { maxLength: 120 });
const origin = 1_000_000_000_000;

function momentsOf(gaps: readonly number[]): number[] {
  let at = origin;
  return gaps.map((gap) => {
    at += gap;
    return at;
  });
}

describe('a budget', () => {
  test('lets a burst through at once, then one for each refill', () => {
    const everySecond = Array.from({ length: 3_600 }, (_, second) => second * 1_000);
    const granted = grants(ninety, everySecond);
    expect(granted.slice(0, 5)).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
    expect(granted.slice(5)).toEqual([17 * MINUTE, 34 * MINUTE, 51 * MINUTE]);
  });

  test('of ChatApp is 80 to 90 in a day of asking every second, and never more in any 24 hours', () => {
    const threeDays = Array.from({ length: (3 * DAY) / 10_000 }, (_, ten) => ten * 10_000);
    const granted = grants(ninety, threeDays);
    const firstDay = granted.filter((at) => at < DAY).length;
    expect(firstDay).toBeGreaterThanOrEqual(80);
    expect(mostInAWindow(granted, DAY)).toBeLessThanOrEqual(90);
  });

  test('never grants more than the limit less its reserve in any rolling window', () => {
    fc.assert(
      fc.property(anyBudget, anyGaps, (budget, gaps) => {
        const granted = grants(budget, momentsOf(gaps), origin);
        const most = budget.limit - (budget.reserve ?? 0);
        expect(mostInAWindow(granted, budget.windowMs)).toBeLessThanOrEqual(most);
      }),
    );
  });

  test('never grants more than burst and refill allow in any span', () => {
    fc.assert(
      fc.property(
        anyBudget,
        anyGaps,
        fc.integer({ min: 1, max: 500_000 }),
        (budget, gaps, span) => {
          const granted = grants(budget, momentsOf(gaps), origin);
          const allowed = budget.burst + span / budget.refillMs + 1e-6;
          expect(mostInAWindow(granted, span)).toBeLessThanOrEqual(allowed);
        },
      ),
    );
  });

  test('that is used up names a moment in the future, and that moment is good', () => {
    fc.assert(
      fc.property(anyBudget, anyGaps, (budget, gaps) => {
        let ledger: BudgetLedger = emptyLedger(budget, origin);
        for (const now of momentsOf(gaps)) {
          const result = spend(ledger, budget, now);
          if (result.granted) {
            ledger = result.ledger;
            continue;
          }
          expect(result.retryAt).toBeGreaterThan(now);
          expect(spend(ledger, budget, result.retryAt).granted).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('is spent at the very moment of a refill, whatever fractions were added up until then', () => {
    const share = fc.record({
      parts: fc.integer({ min: 1, max: 60 }),
      refillMs: fc.nat(10_000_000),
    });
    fc.assert(
      fc.property(share, ({ parts, refillMs }) => {
        const budget = { ...ninety, burst: 1, refillMs: refillMs + parts };
        let ledger = emptyLedger(budget, origin);
        const first = spend(ledger, budget, origin);
        if (first.granted) ledger = first.ledger;
        // Each look writes nothing; only the spends at full refills do.
        for (let refill = 1; refill <= 40; refill += 1) {
          const now = origin + refill * budget.refillMs;
          const result = spend(ledger, budget, now);
          expect(result).toMatchObject({ granted: true });
          if (result.granted) ledger = result.ledger;
        }
      }),
    );
    // Five in a burst, spread over the first refill: seen to refuse with "now" as the next time.
    let ledger = emptyLedger(ninety, 0);
    const spread = [0, 86_400, 172_800, 259_200, 345_600, 17 * MINUTE];
    for (const now of [...spread, 34 * MINUTE, 51 * MINUTE, 68 * MINUTE, 85 * MINUTE]) {
      const result = spend(ledger, ninety, now);
      expect(result).toMatchObject({ granted: true });
      if (result.granted) ledger = result.ledger;
    }
  });

  test('remembers only the spends of its window', () => {
    const everyWindow = Array.from({ length: 50 }, (_, index) => index * (DAY + 1));
    let ledger = emptyLedger(ninety, 0);
    for (const now of everyWindow) {
      const result = spend(ledger, ninety, now);
      expect(result.granted).toBe(true);
      if (result.granted) ledger = result.ledger;
    }
    expect(ledger.spends).toHaveLength(1);
  });

  test('is not refilled by a clock that goes back', () => {
    let ledger = emptyLedger(ninety, DAY);
    for (let index = 0; index < 5; index += 1) {
      const result = spend(ledger, ninety, DAY);
      if (result.granted) ledger = result.ledger;
    }
    expect(spend(ledger, ninety, DAY - 10 * 17 * MINUTE).granted).toBe(false);
  });

  test('shows what is left of it', () => {
    const fresh = emptyLedger(ninety, 0);
    expect(budgetLevel(fresh, ninety, 0)).toEqual({ left: 90, limit: 90 });
    const result = spend(fresh, ninety, 0);
    const spent = result.granted ? result.ledger : fresh;
    expect(budgetLevel(spent, ninety, 1)).toEqual({ left: 89, limit: 90 });
    expect(budgetLevel(spent, ninety, DAY)).toEqual({ left: 90, limit: 90 });
  });

  test('of a password login without a stated budget is 24 a day, five of them at once', () => {
    const budget = defaultLoginBudget('crm-api/crm');
    const everyMinute = Array.from({ length: 1_440 }, (_, minute) => minute * MINUTE);
    const granted = grants(budget, everyMinute);
    expect(granted.filter((at) => at < 10 * MINUTE)).toHaveLength(5);
    expect(granted.length).toBeGreaterThanOrEqual(23);
    const twoDays = grants(budget, momentsOf(Array(2_880).fill(MINUTE)));
    expect(mostInAWindow(twoDays, DAY)).toBeLessThanOrEqual(24);
  });
});
