import type { Clock } from '@tokenkeep/core';
import type { Sleep } from '../../clock/sleep-queue.js';
import type { MachineClocks, RunningCode } from './running-code.js';

/** Within what a process hears of its machine's sleep, as the `Clock` port promises. */
const noticedWithinMs = 1_000;
/** Real timers are far coarser. Shorter than what a double resolves, time would stand still. */
const shortestTimerMs = 0.01;
/** A timer that never comes in a simulation: nobody lives that long. */
const forEverMs = 1e12;

/** The clock of one process: its machine's clocks, and timers that die with the process. */
export class SimClock implements Clock {
  readonly #listeners = new Set<(suspendedMs: number) => void>();
  /** Timers that are set. */
  pending = 0;
  /** The longest sleep anybody asked for, ms. */
  longestSleepMs = 0;

  constructor(
    private readonly code: RunningCode,
    private readonly machine: MachineClocks,
  ) {}

  now(): number {
    return this.machine.wall();
  }

  monotonic(): number {
    return this.machine.monotonic();
  }

  boot(): number {
    return this.machine.boot();
  }

  /** What an engine asks for: its timers are bounded. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.longestSleepMs = Math.max(this.longestSleepMs, ms);
    return this.wait(ms, signal);
  }

  /** The same for code of the service around it. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.code.isAlive) return;
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const { kernel, rate } = this.machine;
      const end = this.monotonic() + (Number.isFinite(ms) ? Math.max(0, ms) : forEverMs);
      let timer: Sleep;
      const settle = (end: () => void) => {
        this.pending -= 1;
        signal?.removeEventListener('abort', abort);
        end();
      };
      const abort = () => {
        kernel.cancel(timer);
        settle(() => reject(signal?.reason));
      };
      const ring = () => {
        const leftMs = end - this.monotonic();
        // The machine slept meanwhile: the rest is still to come.
        if (leftMs > 0.001) return arm(leftMs);
        settle(resolve);
      };
      const arm = (leftMs: number) => {
        const ms = Math.max(leftMs / rate, shortestTimerMs);
        timer = kernel.after(ms, () => this.code.deliver(ring));
      };
      this.pending += 1;
      signal?.addEventListener('abort', abort, { once: true });
      arm(end - this.monotonic());
    });
  }

  onResume(listener: (suspendedMs: number) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** The machine has woken up: listeners hear of it within a second. */
  tellResume(sleptMs: number): void {
    const { kernel } = this.machine;
    const tell = () => {
      for (const listener of [...this.#listeners]) listener(sleptMs);
    };
    kernel.after(kernel.dice.between(0, noticedWithinMs), () => this.code.deliver(tell));
  }
}
