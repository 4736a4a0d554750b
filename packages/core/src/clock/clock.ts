/** Milliseconds since 1970-01-01T00:00:00Z, on whichever clock the context names. */
export type EpochMs = number;

/**
 * The only way the engine learns about time, so that the same code runs in production, in tests
 * and in a simulation. Lint forbids `Date`, `performance` and timers outside this folder.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May step by any amount at any moment. */
  now(): EpochMs;
  /** Milliseconds from an arbitrary origin. Never steps; stops while the machine is suspended. */
  monotonic(): number;
  /** Milliseconds since the machine booted; counts the time it spent suspended. */
  boot(): number;
  /** Resolves after `ms` on the monotonic clock. Rejects with `signal.reason` when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls the listener within 1 s after the machine was suspended, with the time it slept. */
  onResume(listener: (suspendedMs: number) => void): Disposable;
}
