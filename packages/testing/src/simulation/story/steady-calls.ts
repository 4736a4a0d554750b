import { TokenError } from '@tokenkeep/core';
import type { SimProcess } from '../host/sim-process.js';
import type { Stage } from './stage.js';

/** What one of them is named among the waits of a story. */
export const STEADY_CALL = 'steady call';

/** Calls that a service makes again and again, and what became of them. */
export interface SteadyCalls {
  /** How many were begun. */
  readonly made: number;
  /** How many succeeded. The rest failed, are under way, or were lost with their process. */
  readonly succeeded: number;
  readonly failures: readonly FailedCall[];
  /** No more are begun. */
  stop(): void;
}

export interface FailedCall {
  /** When it failed: `2025-01-01 03:20:00.000`, in UTC. */
  readonly at: string;
  /** The code of a `TokenError`, or the name of any other error. */
  readonly code: string;
  readonly message: string;
}

/** Begins a call each `ms`, in the process that runs then; where none does, nobody calls. */
export function steadyCalls(
  stage: Stage,
  ms: number,
  running: () => SimProcess | undefined,
  call: () => unknown,
): SteadyCalls {
  if (!(ms > 0)) throw new TypeError('every: give a span of time that is longer than nothing.');
  const { kernel } = stage.simulation;
  const calls = {
    made: 0,
    succeeded: 0,
    failures: [] as FailedCall[],
    isStopped: false,
    stop() {
      calls.isStopped = true;
    },
  };
  const once = (process: SimProcess) => {
    calls.made += 1;
    stage.inside(process, STEADY_CALL, call).then(
      () => {
        calls.succeeded += 1;
      },
      (error) => {
        calls.failures.push({ at: stage.shownNow, ...described(error) });
      },
    );
  };
  const tick = () => {
    if (calls.isStopped) return;
    const process = running();
    if (process !== undefined) once(process);
    kernel.after(ms, tick);
  };
  kernel.after(0, tick);
  return calls;
}

function described(error: unknown): Pick<FailedCall, 'code' | 'message'> {
  if (TokenError.is(error)) return { code: error.code, message: error.message };
  if (error instanceof Error) return { code: error.name, message: error.message };
  return { code: 'Error', message: String(error) };
}
