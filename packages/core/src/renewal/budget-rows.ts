import { isoTime } from '../clock/iso-time.js';
import { TokenError } from '../errors/token-error.js';
import {
  type BudgetLedger,
  budgetLevel,
  defaultLoginBudget,
  emptyLedger,
  type Spend,
  spend,
} from '../guard/budget-ledger.js';
import type { Parameters } from '../parameters/parameters.js';
import type { KnownAccount } from '../provider/account-registry.js';
import type { Budget } from '../provider/provider-profile.js';
import { sharedRowId } from '../store/shared-row.js';
import type { RowWrite, StoredRow } from '../store/token-store.js';
import type { WatchedStore } from '../store/watched-store.js';
import { secretsOfCredentials } from './credential-secrets.js';
import { providerError } from './provider-error.js';

type Operation = Budget['operation'];

/** The quotas of providers, as rows that are spent in the same write as the intent to send. */
export class BudgetRows {
  /** A request arrives so long after its spend at most: until then its claim lets it leave. */
  readonly #arrivesWithinMs: number;

  constructor(
    private readonly store: WatchedStore,
    { leaseMs, sendGateMs }: Pick<Parameters, 'leaseMs' | 'sendGateMs'>,
  ) {
    this.#arrivesWithinMs = leaseMs - sendGateMs;
  }

  /**
   * The changes that spend one of each budget of an operation.
   *
   * @throws TokenError `BUDGET_EXHAUSTED` with `retryAt` as milliseconds from now in `waitMs`
   */
  async spend(
    account: KnownAccount,
    operation: Operation,
    credentials: unknown,
  ): Promise<readonly RowWrite[]> {
    const budgets = budgetsOf(account, operation);
    return Promise.all(
      budgets.map(async (budget) => {
        const { row, ledger, now } = await this.#read(account, budget, credentials);
        const result = spend(ledger, this.#asTheVendorCounts(budget), now);
        if (!result.granted) throw new BudgetExhausted(account, budget, result);
        return {
          kind: 'budget',
          id: budgetId(account, budget, credentials),
          expected: row?.version ?? 0,
          body: JSON.stringify(result.ledger),
          due: undefined,
          fence: row?.fence ?? 0,
        };
      }),
    );
  }

  /** When the first login may be made, if not now. On the store's clock. */
  async refusal(
    account: KnownAccount,
    operation: Operation,
    credentials: unknown,
  ): Promise<BudgetExhausted | undefined> {
    try {
      await this.spend(account, operation, credentials);
      return undefined;
    } catch (error) {
      if (error instanceof BudgetExhausted) return error;
      throw error;
    }
  }

  async levels(account: KnownAccount, credentials: unknown) {
    const budgets = budgetsOf(account, 'obtain');
    return Promise.all(
      budgets.map(async (budget) => {
        const { ledger, now } = await this.#read(account, budget, credentials);
        return {
          operation: budget.operation,
          ...budgetLevel(ledger, this.#asTheVendorCounts(budget), now),
        };
      }),
    );
  }

  /** The vendor's window begins when a request arrives, and not when it was spent. */
  #asTheVendorCounts(budget: Budget): Budget {
    return { ...budget, windowMs: budget.windowMs + this.#arrivesWithinMs };
  }

  async #read(account: KnownAccount, budget: Budget, credentials: unknown) {
    const id = budgetId(account, budget, credentials);
    const { row, time } = await this.store.read('budget', id);
    return { row, ledger: parseLedger(row, account, budget, time.ms), now: time.ms };
  }
}

/** A quota that is used up until `untilMs` on the store's clock. */
export class BudgetExhausted extends Error {
  constructor(
    readonly account: KnownAccount,
    readonly budget: Budget,
    private readonly denial: Spend & { readonly granted: false },
  ) {
    super('A budget is used up.');
  }

  get untilMs(): number {
    return this.denial.retryAt;
  }

  toTokenError(retryAt: number): TokenError {
    const { limit, reserve = 0, operation, windowMs, burst, refillMs } = this.budget;
    const inWindow = `${limit - reserve} in ${rounded(windowMs / HOUR)} h`;
    const used =
      this.denial.by === 'window'
        ? inWindow
        : `${burst} at once, then one in ${rounded(refillMs / MINUTE)} min; ${inWindow} at most`;
    return new TokenError(
      'BUDGET_EXHAUSTED',
      `The ${operation} budget of ${this.account.id} is used up: ${used}. ` +
        `The next is allowed at ${isoTime(retryAt)}.`,
      { retryable: true, retryAt, reason: 'budget', account: this.account.id },
    );
  }
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function rounded(amount: number): number {
  return Math.round(amount * 10) / 10;
}

function budgetsOf({ id, provider: { profile } }: KnownAccount, operation: Operation): Budget[] {
  const stated = profile.budgets.filter((budget) => budget.operation === operation);
  if (stated.length > 0 || operation !== 'obtain' || !profile.passwordLogin) return stated;
  return [defaultLoginBudget(id)];
}

/** What the vendor counts by may be an e-mail address: only its hash is stored. */
function budgetId({ provider }: KnownAccount, budget: Budget, credentials: unknown): string {
  const key = () => {
    try {
      return budget.key(credentials);
    } catch (error) {
      throw providerError(provider.id, error, secretsOfCredentials(credentials));
    }
  };
  const name = [provider.id, budget.operation, budget.windowMs, key()].join('\n');
  return sharedRowId(provider.id, name);
}

function parseLedger(
  row: StoredRow | undefined,
  account: KnownAccount,
  budget: Budget,
  now: number,
): BudgetLedger {
  if (row === undefined) return emptyLedger(budget, now);
  try {
    const ledger = JSON.parse(row.body) as BudgetLedger;
    const times = [...ledger.spends, ledger.level, ledger.levelAt];
    if (times.every(Number.isFinite)) return ledger;
  } catch {}
  throw new TokenError(
    'RECORD_UNREADABLE',
    `The budget row of ${account.id} is damaged. Nothing was sent. Remove it to start over.`,
    { reason: 'not_a_ledger', account: account.id },
  );
}
