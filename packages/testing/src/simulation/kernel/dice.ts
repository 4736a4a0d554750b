import type { Random } from '@tokenkeep/core';
import { seededRandom } from '../../clock/seeded-random.js';

/** Draws of one kind: switching another kind of fault off does not change them. */
export class Dice {
  readonly random: Random;

  constructor(seed: number | string) {
    this.random = seededRandom(seed);
  }

  /** 0 up to, but not including, 1. */
  float(): number {
    return this.random.float();
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return probability > 0 && this.random.float() < probability;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.random.float();
  }

  /** A whole number, both ends included. */
  whole(low: number, high: number): number {
    return Math.min(high, Math.floor(this.between(low, high + 1)));
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.whole(0, values.length - 1)];
    if (value === undefined) throw new RangeError('there is nothing to pick from');
    return value;
  }

  /** Waiting times of events that come independently of each other, `mean` ms apart. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.random.float());
  }

  /** Latencies: most near the median, a few many times as long. */
  logNormal(median: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.random.float()));
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.random.float()));
  }
}
