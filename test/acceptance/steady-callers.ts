import { type AccessToken, TokenError } from '@tokenkeep/core';
import type { TestClock } from '@tokenkeep/testing';

/** What callers who ask at fixed times were told. */
export interface Answers {
  /** How often a token was handed out. */
  served: number;
  /** How often it had ended at the server when it was handed out. */
  servedDead: number;
  /** How often each error was told, by its code. */
  readonly errors: Map<string, number>;
  /** Refusals that should have said when the next request is allowed, and did not. */
  undated: number;
  /** Virtual time of the first token that was alive, ms since the start. */
  firstServedAt: number | undefined;
}

export interface Callers {
  readonly clock: TestClock;
  readonly everyMs: number;
  readonly forMs: number;
  readonly ask: (atMs: number) => Promise<AccessToken | undefined>;
  /** Whether the server takes this token for a live one. */
  readonly accepts?: (token: AccessToken) => boolean;
}

const dated = new Set(['GUARD_REFUSED', 'BUDGET_EXHAUSTED', 'TOKEN_REFUSED']);

/** Callers that ask every few seconds of virtual time, and do not wait for each other. */
export async function steadyCallers(callers: Callers): Promise<Answers> {
  const { clock, everyMs, forMs, ask, accepts = () => true } = callers;
  const answers: Answers = {
    served: 0,
    servedDead: 0,
    errors: new Map(),
    undated: 0,
    firstServedAt: undefined,
  };
  const start = clock.trueNow();
  const pending = new Set<Promise<void>>();
  for (let at = 0; at < forMs; at += everyMs) {
    const asked = ask(at).then(
      (token) => {
        if (token === undefined) return;
        if (!accepts(token)) {
          answers.servedDead += 1;
          return;
        }
        answers.served += 1;
        answers.firstServedAt ??= clock.trueNow() - start;
      },
      (error: unknown) => noteError(answers, error),
    );
    pending.add(asked);
    asked.finally(() => pending.delete(asked));
    await clock.advance(everyMs);
  }
  await clock.runUntil(Promise.all(pending));
  return answers;
}

function noteError(answers: Answers, error: unknown): void {
  if (!TokenError.is(error)) throw error;
  answers.errors.set(error.code, (answers.errors.get(error.code) ?? 0) + 1);
  if (dated.has(error.code) && error.retryAt === undefined) answers.undated += 1;
}
