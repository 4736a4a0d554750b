import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../src/clock/clock.js';
import { ElapsedTime } from '../src/clock/elapsed-time.js';

/** A machine whose clocks stand where they are put. */
class Machine implements Clock {
  wall = 1_700_000_000_000;
  ran = 5_000.25;
  slept = 0;
  bootReads = 0;
  readonly #listeners = new Set<(suspendedMs: number) => void>();

  now = () => this.wall;
  monotonic = () => this.ran;
  boot = () => {
    this.bootReads += 1;
    // Rounded to 10 ms, as os.uptime() is.
    return Math.round((90_000 + this.ran + this.slept) / 10) * 10;
  };
  sleep = () => Promise.reject(new Error('nobody sleeps here'));
  onResume(listener: (suspendedMs: number) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
  tellResume(ms: number): void {
    for (const listener of this.#listeners) listener(ms);
  }
  get listeners(): number {
    return this.#listeners.size;
  }
}

describe('elapsed time', () => {
  test('goes with the monotonic clock, and not with the wall clock', () => {
    const machine = new Machine();
    const elapsed = new ElapsedTime(machine);
    const start = elapsed.now();
    machine.wall += 365 * 86_400_000;
    machine.ran += 1_234;
    expect(elapsed.now() - start).toBe(1_234);
  });

  test('knows of a sleep of the machine at once where it is compared with the store', () => {
    const machine = new Machine();
    const elapsed = new ElapsedTime(machine);
    const start = elapsed.now();
    machine.slept += 3_600_000;
    machine.ran += 1;
    expect(elapsed.now() - start).toBeGreaterThanOrEqual(3_599_990);
    expect(elapsed.recent()).toBe(elapsed.now());
  });

  test('counts a sleep of the machine, at the latest a second after resume', () => {
    const machine = new Machine();
    const elapsed = new ElapsedTime(machine);
    const start = elapsed.now();
    machine.slept += 3_600_000;
    machine.ran += 1_000;
    expect(elapsed.now() - start).toBeGreaterThanOrEqual(3_600_990);
    expect(elapsed.now() - start).toBeLessThanOrEqual(3_601_010);
  });

  test('counts it at once where the watchdog noticed, and once', () => {
    const machine = new Machine();
    const elapsed = new ElapsedTime(machine);
    const start = elapsed.now();
    const told: number[] = [];
    elapsed.onSuspend((ms) => told.push(ms));
    machine.slept += 3_600_000;
    machine.tellResume(3_600_000);
    machine.ran += 5_000;
    expect(Math.round((elapsed.now() - start) / 100)).toBe(36_050);
    expect(told.map((ms) => Math.round(ms / 100))).toEqual([36_000]);
  });

  test('never goes back, and takes the rounding of the boot clock for no sleep', () => {
    const machine = new Machine();
    const elapsed = new ElapsedTime(machine);
    const told: number[] = [];
    elapsed.onSuspend((ms) => told.push(ms));
    let before = elapsed.now();
    const start = before;
    for (let step = 0; step < 5_000; step += 1) {
      machine.ran += 777.7;
      const now = elapsed.now();
      expect(now).toBeGreaterThan(before);
      before = now;
    }
    expect(told).toEqual([]);
    expect(before - start).toBeCloseTo(5_000 * 777.7, 3);
  });

  test('adds up sleeps each of which is too short to notice', () => {
    const machine = new Machine();
    const elapsed = new ElapsedTime(machine);
    const start = elapsed.now();
    for (let nap = 0; nap < 100; nap += 1) {
      machine.slept += 100;
      machine.ran += 1_000;
      elapsed.now();
    }
    const error = 100 * 1_100 - (elapsed.now() - start);
    expect(Math.abs(error)).toBeLessThanOrEqual(260);
  });

  test('reads the boot clock once a second at most for what is asked with every call', () => {
    const machine = new Machine();
    const elapsed = new ElapsedTime(machine);
    const before = machine.bootReads;
    for (let ask = 0; ask < 10_000; ask += 1) {
      machine.ran += 1;
      elapsed.recent();
    }
    expect(machine.bootReads - before).toBeLessThanOrEqual(10);
  });

  test('listens no longer once it is disposed of', () => {
    const machine = new Machine();
    const elapsed = new ElapsedTime(machine);
    elapsed[Symbol.dispose]();
    expect(machine.listeners).toBe(0);
  });
});
