import type { Clock } from './clock.js';

/** How old `recent()` may be: `os.uptime()` is too slow for every call of a caller. */
const BOOT_SAMPLE_PERIOD_MS = 1_000;
/** Less than this is rounding of the boot clock. */
const SMALLEST_SUSPEND_MS = 250;

/**
 * Time that really passed, suspends included: the monotonic clock plus every nap noticed so far.
 * Deadlines in memory are kept on this line. It is checked when a token is handed out, not only
 * by a timer, and a suspend is noticed within one sample period of resume.
 *
 * What is compared with the store's clock must be `now()`: that clock knows of a nap at once, and
 * a moment noted before this line does would be two hours old as soon as it learns of it.
 */
export class ElapsedTime implements Disposable {
  readonly #clock: Clock;
  readonly #offset: number;
  readonly #listeners = new Set<(suspendedMs: number) => void>();
  readonly #watch: Disposable;
  #suspended = 0;
  #resumedAt = Number.NEGATIVE_INFINITY;
  #sampledAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sampledAt = clock.monotonic();
    this.#offset = clock.boot() - this.#sampledAt;
    this.#watch = clock.onResume(() => this.#sample());
  }

  /** Milliseconds on the process's own line of elapsed time. */
  now(): number {
    this.#sample();
    return this.#sampledAt + this.#suspended;
  }

  /** The same, cheap: a nap shows within a second. For what is asked with every call. */
  recent(): number {
    const monotonic = this.#clock.monotonic();
    if (monotonic - this.#sampledAt >= BOOT_SAMPLE_PERIOD_MS) this.#sample();
    return monotonic + this.#suspended;
  }

  /** Milliseconds since the last nap was noticed; infinite if there was none. */
  sinceResumeMs(): number {
    return this.now() - this.#resumedAt;
  }

  onSuspend(listener: (suspendedMs: number) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#listeners.clear();
  }

  #sample(): void {
    const monotonic = this.#clock.monotonic();
    this.#sampledAt = monotonic;
    const suspended = this.#clock.boot() - monotonic - this.#offset;
    const nap = suspended - this.#suspended;
    if (nap < SMALLEST_SUSPEND_MS) return;
    this.#suspended = suspended;
    this.#resumedAt = monotonic + suspended;
    for (const listener of this.#listeners) listener(nap);
  }
}
