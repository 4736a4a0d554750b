import type { Clock } from '../clock/clock.js';
import { noLongerNeeded } from '../clock/no-longer-needed.js';
import { TokenError } from '../errors/token-error.js';

/** How long somebody who asked for an action by hand waits for it. */
export interface ActionOptions {
  /** Ends the waiting, not the action. */
  readonly signal?: AbortSignal;
  /** How long to wait at most; 2 minutes by default. Milliseconds. */
  readonly waitMs?: number;
}

/**
 * What was begun goes on; only the waiting for it ends.
 *
 * @throws TokenError `WAIT_TIMED_OUT`, `ABORTED`
 */
export async function waitFor<Value>(
  clock: Pick<Clock, 'sleep'>,
  begin: () => Promise<Value>,
  what: string,
  { signal, waitMs }: ActionOptions & { readonly waitMs: number },
): Promise<Value> {
  if (signal?.aborted) throw stoppedWaiting(what, signal);
  const done = new AbortController();
  const either = signal === undefined ? done.signal : AbortSignal.any([done.signal, signal]);
  const action = begin();
  const impatience = clock.sleep(waitMs, either).then(
    () => {
      throw new TokenError('WAIT_TIMED_OUT', `${what} is not done in the time given; it goes on.`, {
        retryable: true,
      });
    },
    () => {
      throw stoppedWaiting(what, either);
    },
  );
  try {
    return await Promise.race([action, impatience]);
  } finally {
    action.catch(() => {});
    impatience.catch(() => {});
    done.abort(noLongerNeeded);
  }
}

function stoppedWaiting(what: string, { reason }: AbortSignal): TokenError {
  return new TokenError('ABORTED', `The caller stopped waiting. ${what} goes on if it had begun.`, {
    retryable: true,
    cause: reason,
  });
}
