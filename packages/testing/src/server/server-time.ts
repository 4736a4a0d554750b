import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import type { EpochMs } from '@tokenkeep/core';
import type { TestClock } from '../clock/test-clock.js';

/** The time a scripted server lives by: true time, which no step of the client's clock touches. */
export interface ServerTime {
  /** Milliseconds since 1970. */
  now(): EpochMs;
  /** Resolves after `ms`, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Says that a request is held back until the result is disposed of. */
  hold(): Disposable;
}

/** Virtual time on the given clock; without one, real time. */
export function serverTime(clock?: TestClock): ServerTime {
  return clock === undefined ? realTime() : virtualTime(clock);
}

function virtualTime(clock: TestClock): ServerTime {
  return {
    now: () => clock.trueNow(),
    async sleep(ms, signal) {
      const held = clock.parked();
      try {
        await clock.sleep(ms, signal);
      } catch {
        // Aborted: the client has left.
      } finally {
        held[Symbol.dispose]();
      }
    },
    hold: () => clock.parked(),
  };
}

function realTime(): ServerTime {
  let moment: EpochMs | undefined;
  return {
    now() {
      if (moment === undefined) {
        // Not Date: tests replace it to step the client's wall clock.
        moment = Math.floor(performance.timeOrigin + performance.now());
        // To decide on a reply and to write it is one moment, however busy the machine.
        queueMicrotask(() => {
          moment = undefined;
        });
      }
      return moment;
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const end = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        signal?.addEventListener('abort', end, { once: true });
      }),
    hold: () => ({ [Symbol.dispose]: () => {} }),
  };
}
