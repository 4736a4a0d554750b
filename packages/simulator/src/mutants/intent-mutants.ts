import { edit, type Mutant } from './mutant.js';

const attempt = 'renewal/attempt.ts';

export const intentMutants: readonly Mutant[] = [
  {
    id: 'no-intent',
    title: 'nothing is written before a request is sent',
    breaks: ['I1', 'I2', 'I16'],
    edits: [edit(attempt, 'await this.#writeIntent();', '')],
  },
  {
    id: 'intent-without-doubt',
    title: 'the intent does not say that a refresh token is on its way',
    breaks: ['I1', 'I16'],
    edits: [edit(attempt, '...(this.#rotating ? { sent } : {}),', '')],
  },
  {
    id: 'intent-after-the-reply',
    title: 'the intent is on its way to the store when the request leaves',
    breaks: ['I1', 'I16'],
    edits: [edit(attempt, 'await this.#writeIntent();', 'this.#writeIntent().catch(() => {});')],
  },
  {
    id: 'budget-not-spent',
    title: 'a login is not counted before it is sent',
    breaks: ['I5'],
    edits: [
      edit(
        attempt,
        'also: () => services.budgets.spend(account, operation, credentials?.value),',
        '',
      ),
    ],
  },
  {
    id: 'budget-per-process',
    title: 'each life of a process has a login budget of its own',
    breaks: ['I5'],
    edits: [
      edit(
        'renewal/budget-rows.ts',
        'readonly #arrivesWithinMs: number;',
        'readonly #arrivesWithinMs: number;\n  static made = 0;\n  readonly own = (BudgetRows.made += 1);',
      ),
      edit(
        'renewal/budget-rows.ts',
        'const id = budgetId(account, budget, credentials);',
        'const id = budgetId(account, budget, credentials) + this.own;',
      ),
      edit(
        'renewal/budget-rows.ts',
        'id: budgetId(account, budget, credentials),',
        'id: budgetId(account, budget, credentials) + this.own,',
      ),
    ],
  },
  {
    id: 'intent-after-the-end',
    title: 'an attempt that was given up writes its intent all the same',
    breaks: ['I5', 'I16'],
    edits: [edit('renewal/attempt.ts', 'if (this.#isOver) throw gateClosed();', '')],
  },
  {
    id: 'intent-from-a-slow-look',
    title: "the store's clock is taken from the last call, however long it took, and not checked",
    breaks: ['I1'],
    edits: [
      edit('renewal/attempt.ts', 'if (this.#rotating && isAhead) throw gateClosed();', ''),
      edit(
        'store/watched-store.ts',
        'if (isSame && heardAt - readAt > widthMs + driftMs) return;',
        '',
      ),
    ],
    survives:
      'it takes a store call of minutes that tells the time last, and a resend ' +
      'within the grace right after it; seeds 23 and 2099 met that when they ' +
      'drew something else. watched-store.test.ts has the rule',
  },
];
