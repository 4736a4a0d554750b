/** A retry inside one call costs this; one after a timeout twice as much. */
const RETRY_COST = 5;
const TIMEOUT_COST = 10;

/**
 * What retries inside one call may cost, per provider: successes earn it back slowly, so that a
 * server in trouble is not asked three times as often as a healthy one.
 */
export class RetryQuota {
  #left: number;

  constructor(private readonly most: number) {
    this.#left = most;
  }

  /** Pays for one retry; `false` when the quota is used up. */
  pay(afterTimeout: boolean): boolean {
    const cost = afterTimeout ? TIMEOUT_COST : RETRY_COST;
    if (this.#left < cost) return false;
    this.#left -= cost;
    return true;
  }

  earn(): void {
    this.#left = Math.min(this.most, this.#left + 1);
  }
}
