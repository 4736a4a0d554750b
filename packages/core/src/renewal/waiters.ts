import type { Clock } from '../clock/clock.js';
import type { ElapsedTime } from '../clock/elapsed-time.js';
import { noLongerNeeded } from '../clock/no-longer-needed.js';

interface Waiter<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
  readonly deadline: number;
  readonly release: () => void;
}

/**
 * Callers who race one flight against their own patience. Ten thousand of them share one timer,
 * and leaving costs the flight nothing: it belongs to none of them.
 */
export class Waiters<Value> {
  readonly #waiting = new Set<Waiter<Value>>();
  #timer: AbortController | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Pick<Clock, 'sleep'>,
    private readonly elapsed: ElapsedTime,
    private readonly timedOut: () => unknown,
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  wait(ms: number, signal?: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        if (this.#waiting.delete(waiter)) waiter.release();
        reject(signal?.reason);
      };
      const waiter: Waiter<Value> = {
        resolve,
        reject,
        deadline: this.elapsed.recent() + ms,
        release: () => signal?.removeEventListener('abort', leave),
      };
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.add(waiter);
      this.#arm(waiter.deadline);
    });
  }

  resolveAll(value: Value): void {
    for (const waiter of this.#takeAll()) waiter.resolve(value);
  }

  rejectAll(reason: unknown): void {
    for (const waiter of this.#takeAll()) waiter.reject(reason);
  }

  #takeAll(): Waiter<Value>[] {
    this.#disarm();
    const waiters = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiters) waiter.release();
    return waiters;
  }

  #disarm(): void {
    this.#timer?.abort(noLongerNeeded);
    this.#timer = undefined;
    this.#wakesAt = Number.POSITIVE_INFINITY;
  }

  /** One timer for all; a caller with less patience than the others moves it forward. */
  #arm(deadline: number): void {
    if (this.#timer !== undefined && this.#wakesAt <= deadline) return;
    this.#disarm();
    this.#wakesAt = deadline;
    const timer = new AbortController();
    this.#timer = timer;
    this.#watch(timer.signal).catch(() => {});
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (this.#waiting.size > 0) {
      const now = this.elapsed.now();
      let next = Number.POSITIVE_INFINITY;
      for (const waiter of this.#waiting) {
        if (waiter.deadline > now) {
          next = Math.min(next, waiter.deadline);
          continue;
        }
        this.#waiting.delete(waiter);
        waiter.release();
        waiter.reject(this.timedOut());
      }
      if (next === Number.POSITIVE_INFINITY) break;
      this.#wakesAt = next;
      await this.clock.sleep(next - now, signal);
    }
    this.#disarm();
  }
}
