import { performance } from 'node:perf_hooks';
import { clearInterval, setImmediate, setInterval, setTimeout } from 'node:timers';
import type { Clock, EpochMs } from '@tokenkeep/core';
import { SleepQueue } from './sleep-queue.js';

export interface TestClockOptions {
  /** Wall time at the start, ms since 1970. Default 2025-01-01T00:00:00Z. */
  readonly startAt?: EpochMs;
  /** Quiet turns of the event loop that count as settled. Default 8. */
  readonly settleTurns?: number;
  /** Real ms without progress after which settling gives up waiting. Default 2000. */
  readonly safetyNetMs?: number;
}

export interface RunUntilOptions {
  /** Advance at most this much at once, also when nothing sleeps. Default: to the next sleeper. */
  readonly stepMs?: number;
  /** Virtual ms after which the promise counts as stuck. Default 24 h. */
  readonly limitMs?: number;
}

/** How many sleeps may end at one virtual instant before it counts as a loop of empty sleeps. */
const sleepsPerInstant = 100_000;
/** How long, in real ms, a server may take to notice that the client of a held request has left. */
const strayMs = 25;

/**
 * A clock that stands still until it is told to move.
 *
 * Virtual time moves only in `advance`, `runUntil` and `suspend`; sleeps end in order of their
 * deadlines, and after each one everything it set in motion is given time to settle: promises by
 * themselves, real I/O (HTTP on loopback, a database) only if it is registered with `track`.
 * Exchanges with a scripted server on the same clock must be tracked, or they are not waited for.
 *
 * Monotonic and boot time start at different values, so that code which mixes them fails.
 *
 * ```ts
 * const clock = new TestClock();
 * const slept = clock.sleep(60_000);
 * await clock.advance(60_000);
 * await slept;
 * ```
 */
export class TestClock implements Clock {
  /** How often settling gave up on tracked work. A test that expects none asserts 0. */
  safetyNetHits = 0;

  readonly #startAt: EpochMs;
  readonly #settleTurns: number;
  readonly #safetyNetMs: number;
  readonly #sleeps = new SleepQueue();
  readonly #resumeListeners = new Set<(suspendedMs: number) => void>();
  readonly #parked = new Set<symbol>();
  #elapsedMs = 0;
  #suspendedMs = 0;
  #wallStepMs = 0;
  #inFlight = 0;
  #activity = 0;
  #moves = 0;
  #moving = false;

  constructor(options: TestClockOptions = {}) {
    this.#startAt = options.startAt ?? Date.UTC(2025, 0, 1);
    this.#settleTurns = options.settleTurns ?? 8;
    this.#safetyNetMs = options.safetyNetMs ?? 2000;
  }

  now(): EpochMs {
    return this.trueNow() + this.#wallStepMs;
  }

  monotonic(): number {
    return 10_000 + this.#elapsedMs;
  }

  boot(): number {
    return 3_600_000 + this.#elapsedMs + this.#suspendedMs;
  }

  /** The time a faultless wall clock would show, ms since 1970: `stepWall` does not touch it. */
  trueNow(): EpochMs {
    return Math.floor(this.#startAt + this.#elapsedMs + this.#suspendedMs);
  }

  /**
   * Resolves when virtual time has moved by `ms` (0 and less: at the next move of the clock).
   *
   * @throws `signal.reason` when aborted; RangeError when `ms` is not a number.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (Number.isNaN(ms)) return Promise.reject(new RangeError('sleep: ms is not a number'));
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#activity += 1;
    return new Promise((resolve, reject) => {
      const sleep = this.#sleeps.add(this.#elapsedMs + Math.max(0, ms), () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      const abort = () => {
        this.#activity += 1;
        this.#sleeps.cancel(sleep);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  onResume(listener: (suspendedMs: number) => void): Disposable {
    const entry = (suspendedMs: number) => listener(suspendedMs);
    this.#resumeListeners.add(entry);
    return disposable(() => this.#resumeListeners.delete(entry));
  }

  /** Moves virtual time by `ms`, ending every sleep that falls due, one by one. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`advance: ${ms} ms is not a span of time`);
    await this.#exclusive(async () => {
      const target = this.#elapsedMs + ms;
      await this.settle();
      let atOneInstant = 0;
      for (;;) {
        const before = this.#elapsedMs;
        if (!(await this.#endNextSleep(target))) break;
        atOneInstant = this.#countAtInstant(before, atOneInstant);
      }
      this.#elapsedMs = target;
      await this.settle();
    });
  }

  /**
   * Advances from sleeper to sleeper until `promise` settles.
   *
   * @returns what the promise resolves to.
   * @throws what it rejects with; Error when nothing sleeps (and no `stepMs` was given) or when
   * `limitMs` of virtual time have passed.
   */
  async runUntil<T>(promise: PromiseLike<T>, options: RunUntilOptions = {}): Promise<T> {
    const { stepMs, limitMs = 86_400_000 } = options;
    const state = { settled: false };
    const note = () => {
      state.settled = true;
    };
    promise.then(note, note);
    await this.#exclusive(async () => {
      const limit = this.#elapsedMs + limitMs;
      let atOneInstant = 0;
      await this.settle();
      while (!state.settled) {
        const step = stepMs === undefined ? Number.POSITIVE_INFINITY : this.#elapsedMs + stepMs;
        const target = Math.min(this.#sleeps.nextDeadline() ?? Number.POSITIVE_INFINITY, step);
        if (target === Number.POSITIVE_INFINITY) {
          throw new Error('runUntil: the promise is pending and nothing sleeps');
        }
        if (target > limit) {
          throw new Error(`runUntil: the promise is pending after ${limitMs} virtual ms`);
        }
        const before = this.#elapsedMs;
        if (!(await this.#endNextSleep(target))) {
          this.#elapsedMs = target;
          await this.settle();
        }
        atOneInstant = this.#countAtInstant(before, atOneInstant);
      }
    });
    return promise;
  }

  /** Steps the wall clock alone, as an administrator or a time service does. */
  stepWall(ms: number): void {
    this.#wallStepMs += ms;
  }

  /**
   * Suspends the machine: boot and wall time move, monotonic time and sleeps do not. The resume
   * listeners are told when virtual time has moved by `noticedAfterMs` (default: at once).
   */
  async suspend(ms: number, options: { readonly noticedAfterMs?: number } = {}): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`suspend: ${ms} ms is not a span of time`);
    this.#suspendedMs += ms;
    const tell = () => {
      for (const listener of [...this.#resumeListeners]) listener(ms);
    };
    const { noticedAfterMs = 0 } = options;
    if (noticedAfterMs > 0) this.#sleeps.add(this.#elapsedMs + noticedAfterMs, tell);
    else tell();
    await this.settle();
  }

  /**
   * Registers real I/O in flight: virtual time stands still until it has ended. Not for work that
   * itself waits for virtual time.
   *
   * @returns the promise given, or the one the function returned.
   */
  track<T>(work: Promise<T> | (() => Promise<T>)): Promise<T> {
    this.#activity += 1;
    this.#inFlight += 1;
    const end = () => {
      this.#activity += 1;
      this.#inFlight -= 1;
    };
    const promise = typeof work === 'function' ? startOf(work) : work;
    promise.then(end, end);
    return promise;
  }

  /**
   * For servers on this clock: while the result is not disposed of, one tracked operation waits
   * for virtual time, and settling does not wait for it.
   */
  parked(): Disposable {
    const ticket = Symbol('parked');
    this.#activity += 1;
    this.#parked.add(ticket);
    return disposable(() => {
      this.#activity += 1;
      this.#parked.delete(ticket);
    });
  }

  /** Lets promises, tracked I/O and what follows from them run until nothing new happens. */
  async settle(): Promise<void> {
    let quietTurns = 0;
    let seen = this.#activity;
    let stillSince = performance.now();
    while (quietTurns < this.#settleTurns) {
      await eventLoopTurn();
      if (this.#activity !== seen) {
        seen = this.#activity;
        quietTurns = 0;
        stillSince = performance.now();
        continue;
      }
      const balance = this.#inFlight - this.#parked.size;
      if (balance === 0) {
        quietTurns += 1;
        continue;
      }
      const stillMs = performance.now() - stillSince;
      if (balance > 0 && stillMs >= this.#safetyNetMs) {
        this.safetyNetHits += 1;
        return;
      }
      if (balance < 0 && stillMs >= strayMs) {
        // Held requests whose clients nobody tracks must not stand for those of tracked ones.
        if (this.#inFlight === 0) this.#parked.clear();
        return;
      }
      // Spinning is fast for loopback I/O; work in other processes needs the processor.
      if (stillMs > 5) await realMillisecond();
    }
  }

  /** How long each pending sleep still has, in virtual ms, shortest first. */
  pendingSleeps(): number[] {
    return this.#sleeps.deadlines().map((deadline) => deadline - this.#elapsedMs);
  }

  /**
   * Warns when something sleeps and nobody moves the clock for `afterMs` of real time: usually a
   * test that awaits a promise which only `advance` can settle. One warning for each standstill.
   */
  warnOfForgottenSleeps(
    options: { readonly afterMs?: number; readonly warn?: (message: string) => void } = {},
  ): Disposable {
    const { afterMs = 1000, warn = (message: string) => process.emitWarning(message) } = options;
    let seen = this.#moves;
    let warned = false;
    const timer = setInterval(() => {
      const stands = this.#moves === seen && !this.#moving && this.#sleeps.size > 0;
      if (stands && !warned) {
        warn(
          `${this.#sleeps.size} sleep(s) pending on a TestClock that nobody advances; ` +
            `the next ends in ${this.pendingSleeps()[0]} virtual ms`,
        );
      }
      warned = stands;
      seen = this.#moves;
    }, afterMs);
    timer.unref();
    return disposable(() => clearInterval(timer));
  }

  async #endNextSleep(target: number): Promise<boolean> {
    const sleep = this.#sleeps.takeDue(target);
    if (sleep === undefined) return false;
    this.#elapsedMs = Math.max(this.#elapsedMs, sleep.deadline);
    sleep.wake();
    await this.settle();
    return true;
  }

  #countAtInstant(before: number, count: number): number {
    if (this.#elapsedMs !== before) return 0;
    if (count >= sleepsPerInstant) {
      throw new Error(`${count} sleeps ended at one virtual instant: a loop of empty sleeps`);
    }
    return count + 1;
  }

  async #exclusive(move: () => Promise<void>): Promise<void> {
    if (this.#moving) throw new Error('the clock is already being moved: await the first move');
    this.#moving = true;
    this.#moves += 1;
    try {
      await move();
    } finally {
      this.#moving = false;
    }
  }
}

function startOf<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}

function disposable(dispose: () => unknown): Disposable {
  return {
    [Symbol.dispose]: () => {
      dispose();
    },
  };
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function realMillisecond(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
