import { TokenError } from '@tokenkeep/core';

/** The reason of an error that a person made by ending a question. */
export const INTERRUPTED = 'interrupted';

/** Ctrl-C at a question: the command ends as if a signal had ended it. `done` says what it did. */
export function endedQuestion(done: string): TokenError {
  return new TokenError('ABORTED', done, { reason: INTERRUPTED });
}
