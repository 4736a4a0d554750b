import type { TraceLine, Violation } from '@tokenkeep/testing/simulation';
import type { Draw } from './draw.js';
import type { DrawRun } from './run-draw.js';

/** A run in which a promise did not hold, with all that is needed to play it again. */
export interface FailedRun {
  readonly draw: Draw;
  readonly violation: Violation;
  readonly hash: string;
  readonly trace: readonly TraceLine[];
}

export function failureIn({ draw, violations, hash, trace }: DrawRun): FailedRun | undefined {
  const [violation] = violations;
  return violation === undefined ? undefined : { draw, violation, hash, trace };
}

/** For the terminal: what broke, when, what had happened, and how to see it again. */
export function failureText({ draw, violation, hash, trace }: FailedRun, lines = 200): string {
  const { invariant, message, at } = violation;
  return [
    `Seed ${draw.seed}: ${invariant} at ${Math.round(at)} ms: ${message}`,
    `trace ${hash}`,
    `switched on: ${draw.disturbances.join(', ') || 'nothing'}`,
    `modes: ${draw.modes.map(({ mode, accounts }) => `${accounts} ${mode}`).join(', ')}`,
    '',
    ...trace.slice(trace.length - Math.min(lines, trace.length)).map(traceText),
    '',
    `Again: npm run sim -- --seed ${draw.seed} --until ${Math.ceil(at)}`,
  ].join('\n');
}

export function traceText({ at, actor, what, account, generation }: TraceLine): string {
  const whose = [account, generation === undefined ? undefined : `#${generation}`]
    .filter((part) => part !== undefined)
    .join(' ');
  return `${at.toFixed(3).padStart(16)}  ${actor.padEnd(18)} ${what}  ${whose}`.trimEnd();
}
