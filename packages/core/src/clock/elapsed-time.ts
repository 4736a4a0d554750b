import type { Clock } from './clock.js';

/** How often a reader may look at the boot clock: `os.uptime()` is too slow for every call. */
const BOOT_SAMPLE_PERIOD_MS = 1_000;
/** Less than this is rounding of the boot clock. */
const SMALLEST_SUSPEND_MS = 250;

/**
 * Time that really passed, suspends included: the monotonic clock plus every nap noticed so far.
 * Deadlines in memory are kept on this line. It is checked when a token is handed out, not only
 * by a timer, and a suspend is noticed within one sample period of resume.
 */
export class ElapsedTime implements Disposable {
  readonly #clock: Clock;
  readonly #offset: number;
  readonly #listeners = new Set<(suspendedMs: number) => void>();
  readonly #watch: Disposable;
  #suspended = 0;
  #sampledAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sampledAt = clock.monotonic();
    this.#offset = clock.boot() - this.#sampledAt;
    this.#watch = clock.onResume(() => this.#sample());
  }

  /** Milliseconds on the process's own line of elapsed time. */
  now(): number {
    const monotonic = this.#clock.monotonic();
    if (monotonic - this.#sampledAt >= BOOT_SAMPLE_PERIOD_MS) this.#sample();
    return monotonic + this.#suspended;
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
    for (const listener of this.#listeners) listener(nap);
  }
}
