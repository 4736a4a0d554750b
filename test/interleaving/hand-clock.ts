import type { Clock } from '@tokenkeep/core';

/** What wakes a sleeper: at once, or when a scheduler says so. */
export type Wake = (wake: () => void) => void;

/** Time that passes by hand, at once. Whom it wakes is told so by `wake`. */
export class HandClock implements Clock {
  #passed = 0;
  readonly #sleeps = new Set<{ readonly at: number; readonly wake: () => void }>();

  constructor(private readonly wake: Wake = (wake) => wake()) {}

  /** How many sleep, those included who have been called and have not yet heard it. */
  get sleeping(): number {
    return this.#sleeps.size;
  }

  now = () => Date.UTC(2026, 0, 1) + this.#passed;
  monotonic = () => this.#passed;
  boot = () => this.#passed;
  onResume = () => ({ [Symbol.dispose]: () => {} });

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const wake = () => {
        if (!this.#sleeps.delete(sleep)) return;
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const end = () => {
        this.#sleeps.delete(sleep);
        reject(signal?.reason);
      };
      const sleep = { at: this.#passed + ms, wake };
      this.#sleeps.add(sleep);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  pass(ms: number): void {
    this.#passed += ms;
    for (const { at, wake } of [...this.#sleeps]) if (at <= this.#passed) this.wake(wake);
  }
}
