import type { FlightEnd } from '../renewal/flight.js';

/** What became of the rows that one pass has claimed. */
export class Claims {
  #renewed = 0;
  #failure: { readonly error: unknown } | undefined;
  readonly #ends: Promise<void>[] = [];

  get count(): number {
    return this.#ends.length;
  }

  add(handled: Promise<FlightEnd | undefined>): void {
    const count = (end: FlightEnd | undefined) => {
      if (end?.renewed) this.#renewed += 1;
    };
    this.#ends.push(handled.then(count, (error) => this.fail(error)));
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
