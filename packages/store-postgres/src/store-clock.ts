import type { StoreTime } from '@tokenkeep/core';

/** A server's clock goes on over restarts of the server: it has one epoch. */
const EPOCH = 1;

/** Less is made good by standing still. More is a clock that was set, or a standby that took over. */
const STAND_STILL_MS = 1_000;

/**
 * The server's clock as this client has seen it. Each call takes the highest time along, and no
 * answer is below it, so that the time does not go back for this client when the server's does.
 */
export class StoreClock {
  #highest: number | undefined;

  get floorMs(): number | null {
    return this.#highest ?? null;
  }

  /** `raw` is the server's time, `ms` the same or the floor. */
  take(ms: number): StoreTime {
    this.#highest = Math.max(this.#highest ?? ms, ms);
    return { epoch: EPOCH, ms };
  }

  /** Whether everybody has to be told that the time goes on from the highest. */
  isAheadOf(rawMs: number): boolean {
    return this.#highest !== undefined && this.#highest - rawMs > STAND_STILL_MS;
  }
}
