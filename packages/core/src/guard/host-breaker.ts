import type { Parameters } from '../parameters/parameters.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * One per host, in each process. An outage of a server costs probes, not storms, and heals within
 * the longest opening. Times are on the line of elapsed time.
 */
export class HostBreaker {
  #failures = 0;
  #openings = 0;
  #openUntil = 0;
  #heardAt = Number.NEGATIVE_INFINITY;
  #state: BreakerState = 'closed';
  #answered = false;

  constructor(
    private readonly p: Parameters,
    /** Failures in a row that open it. Count. */
    private readonly mostFailures: number,
    private readonly onChange: (state: BreakerState) => void,
  ) {}

  get state(): BreakerState {
    return this.#state;
  }

  /** It answered the last time it was asked. */
  get isTrusted(): boolean {
    return this.#answered && this.#failures === 0 && this.#state === 'closed';
  }

  /** Milliseconds until a request may be tried; 0: now. Half-open admits one at a time. */
  waitMs(now: number): number {
    this.#heardAt = now;
    if (this.#state === 'closed') return 0;
    if (now < this.#openUntil) return this.#openUntil - now;
    // Admits this one; the next waits as long again unless this one is heard of first.
    this.#change('half-open');
    this.#openUntil = now + this.p.breakerOpenMs;
    return 0;
  }

  /** Nobody has asked for the longest opening since it could have been tried again. */
  isForgotten(now: number): boolean {
    return now - Math.max(this.#heardAt, this.#openUntil) > this.p.breakerMaxMs;
  }

  /** Another process has found out. */
  leaveAlone(until: number): void {
    this.#openUntil = until;
    this.#change('open');
  }

  succeeded(): void {
    this.#answered = true;
    this.#failures = 0;
    this.#openings = 0;
    this.#change('closed');
  }

  failed(now: number): void {
    this.#heardAt = now;
    // What left before it opened fails late: one outage, not one opening for each of them.
    if (this.#state === 'open') return;
    this.#failures += 1;
    if (this.#state === 'closed' && this.#failures < this.mostFailures) return;
    const opening = Math.min(this.p.breakerMaxMs, this.p.breakerOpenMs * 2 ** this.#openings);
    this.#openings = Math.min(this.#openings + 1, 16);
    this.#openUntil = now + opening;
    this.#change('open');
  }

  #change(state: BreakerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.onChange(state);
  }
}
