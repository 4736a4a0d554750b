import { uptime } from 'node:os';
import type { Clock } from './clock.js';

/** `setTimeout` fires at once above 2^31 - 1 ms; long sleeps are cut into pieces of this length. */
const LONGEST_TIMER_MS = 6 * 3_600_000;
const WATCHDOG_PERIOD_MS = 1_000;
/** `os.uptime()` is rounded to 10 ms on Linux; less than this is noise, not a suspend. */
const SMALLEST_SUSPEND_MS = 250;
/** The step of `os.uptime()` on Linux. */
const UPTIME_STEP_MS = 10;

/** The machine's own clocks. Timers keep the process alive only while something waits on them. */
export function systemClock(): Clock {
  const monotonic = () => performance.now();
  const boot = bootClock(monotonic);
  return {
    now: () => Date.now(),
    monotonic,
    boot,
    sleep: (ms, signal) => sleepInPieces(ms, signal, monotonic),
    onResume: (listener) => watchForSuspend(listener, monotonic, boot),
  };
}

/**
 * `os.uptime()` opens a file, which costs more than all else that is done with a clock. Within one
 * of its steps it is not read again, unless the wall clock tells of a nap meanwhile.
 */
function bootClock(monotonic: () => number): () => number {
  let uptimeMs = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  let wallAt = 0;
  return () => {
    const now = monotonic();
    const wall = Date.now();
    if (now - readAt >= UPTIME_STEP_MS || Math.abs(wall - wallAt) >= SMALLEST_SUSPEND_MS) {
      uptimeMs = uptime() * 1_000;
      readAt = now;
      wallAt = wall;
    }
    return uptimeMs + (now - readAt);
  };
}

function sleepInPieces(
  ms: number,
  signal: AbortSignal | undefined,
  monotonic: () => number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const end = monotonic() + (Number.isFinite(ms) ? Math.max(0, ms) : LONGEST_TIMER_MS);
    let timer: NodeJS.Timeout;
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const arm = () => {
      const left = end - monotonic();
      if (left <= 0) {
        signal?.removeEventListener('abort', onAbort);
        return resolve();
      }
      timer = setTimeout(arm, Math.ceil(Math.min(left, LONGEST_TIMER_MS)));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    arm();
  });
}

/** Linux stops the monotonic clock during suspend but not `os.uptime()`: their drift is the nap. */
function watchForSuspend(
  listener: (suspendedMs: number) => void,
  monotonic: () => number,
  boot: () => number,
): Disposable {
  let offset = boot() - monotonic();
  const timer = setInterval(() => {
    const drift = boot() - monotonic() - offset;
    if (drift < SMALLEST_SUSPEND_MS) return;
    offset += drift;
    listener(drift);
  }, WATCHDOG_PERIOD_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
