import type { Clock } from '@tokenkeep/core';

/** An abort without a reason builds an exception, stack and all, that nobody looks at. */
const noLongerNeeded = Symbol('no longer needed');

/** The time that one call may take, over all that it waits for. */
export class TimeLimit implements Disposable {
  readonly #over = new AbortController();
  readonly #end: Promise<never>;
  isOver = false;

  constructor(clock: Pick<Clock, 'sleep'>, ms: number, error: () => Error) {
    this.#end = clock.sleep(ms, this.#over.signal).then(() => {
      this.isOver = true;
      throw error();
    });
    this.#end.catch(() => {});
  }

  /** Rejects when the time is over; what it waited for goes on without anybody listening. */
  within<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#end]);
  }

  [Symbol.dispose](): void {
    this.#over.abort(noLongerNeeded);
  }
}
