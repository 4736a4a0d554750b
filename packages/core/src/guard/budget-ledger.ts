import type { EpochMs } from '../clock/clock.js';
import type { Budget } from '../provider/provider-profile.js';

/** What was spent of one budget. Lives in a row of its own, on the store's clock. */
export interface BudgetLedger {
  /** When each spend of the last window happened, oldest first. */
  readonly spends: readonly EpochMs[];
  /** Tokens in the burst bucket at `levelAt`. */
  readonly level: number;
  readonly levelAt: EpochMs;
}

export type Spend =
  | { readonly granted: true; readonly ledger: BudgetLedger }
  /** `by`: the window is full, or what may go at once. */
  | { readonly granted: false; readonly retryAt: EpochMs; readonly by: 'window' | 'burst' };

/** The level is a fraction: what is missing by less than this is not missing. */
const ROUNDING_MS = 0.001;

/** Logins of people without a stated budget: 24 a day, five at once. */
export function defaultLoginBudget(account: string): Budget {
  const day = 86_400_000;
  const [limit, burst] = [24, 5];
  return {
    operation: 'obtain',
    limit,
    windowMs: day,
    burst,
    refillMs: day / (limit - burst),
    key: () => account,
  };
}

export function emptyLedger(budget: Budget, now: EpochMs): BudgetLedger {
  return { spends: [], level: budget.burst, levelAt: now };
}

/**
 * Spends one, before sending; not given back when the outcome is unknown. A rolling window alone
 * would let a loop burn the day's quota at once, a bucket alone would let two days' worth fall
 * into one window: so both.
 */
export function spend(ledger: BudgetLedger, budget: Budget, now: EpochMs): Spend {
  const spends = ledger.spends.filter((at) => at > now - budget.windowMs);
  const level = refilled(ledger, budget, now);
  const most = budget.limit - (budget.reserve ?? 0);
  const waits: EpochMs[] = [];
  const blocking = spends[spends.length - most];
  if (spends.length >= most) waits.push((blocking ?? now) + budget.windowMs);
  const refillMs = (1 - level) * budget.refillMs;
  if (refillMs > ROUNDING_MS) waits.push(now + refillMs);
  if (waits.length > 0) {
    // Never "now": who is told so would ask again without a pause.
    return {
      granted: false,
      by: spends.length >= most ? 'window' : 'burst',
      retryAt: Math.max(Math.floor(now) + 1, Math.ceil(Math.max(...waits))),
    };
  }
  // What a newer version keeps in it stays.
  const spent = { ...ledger, spends: [...spends, now], level: level - 1, levelAt: now };
  return { granted: true, ledger: spent };
}

/** How many spends are open now, and of how many. */
export function budgetLevel(
  ledger: BudgetLedger,
  budget: Budget,
  now: EpochMs,
): { readonly left: number; readonly limit: number } {
  const used = ledger.spends.filter((at) => at > now - budget.windowMs).length;
  const limit = budget.limit - (budget.reserve ?? 0);
  return { left: Math.max(0, limit - used), limit };
}

function refilled(ledger: BudgetLedger, budget: Budget, now: EpochMs): number {
  const gained = Math.max(0, now - ledger.levelAt) / budget.refillMs;
  return Math.min(budget.burst, ledger.level + gained);
}
