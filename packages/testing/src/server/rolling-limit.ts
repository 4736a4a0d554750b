export interface RollingLimitRule {
  readonly limit: number;
  readonly windowMs: number;
}

/** At most `limit` events of one key in any window of `windowMs`. */
export class RollingLimit {
  readonly #rule: RollingLimitRule;
  readonly #times = new Map<string, number[]>();

  constructor(rule: RollingLimitRule) {
    this.#rule = rule;
  }

  /** Counts an event at `now` (ms), unless the limit is reached: then returns false. */
  admit(key: string, now: number): boolean {
    const recent = this.#recent(key, now);
    if (recent.length >= this.#rule.limit) return false;
    this.#times.set(key, [...recent, now]);
    return true;
  }

  #recent(key: string, now: number): number[] {
    return (this.#times.get(key) ?? []).filter((at) => at > now - this.#rule.windowMs);
  }
}
