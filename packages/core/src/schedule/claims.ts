import type { FlightEnd } from '../renewal/flight.js';

/** What became of the rows that one pass has claimed. */
export class Claims {
  #renewed = 0;
  #pacedMs: number | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #ends: Promise<void>[] = [];

  get pacedMs(): number | undefined {
    return this.#pacedMs;
  }

  get count(): number {
    return this.#ends.length;
  }

  add(handled: Promise<FlightEnd | undefined>): void {
    const count = (end: FlightEnd | undefined) => {
      if (end?.renewed) this.#renewed += 1;
    };
    this.#ends.push(handled.then(count, (error) => this.fail(error)));
  }

  /** @param retryMs until there are turns for what was not claimed; `undefined`: all had one */
  waitForTurns(retryMs: number | undefined): void {
    if (retryMs !== undefined) this.#pacedMs = Math.min(this.#pacedMs ?? Infinity, retryMs);
  }

  /** Told when all has ended: nothing is left alone half way. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Resolves with the number of renewals. @throws what the first failure threw */
  async ended(): Promise<number> {
    await Promise.all(this.#ends);
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#renewed;
  }
}
