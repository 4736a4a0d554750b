import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Violation } from '@tokenkeep/testing/simulation';

/** What came of one seed. */
export interface TriedSeed {
  readonly seed: number;
  /** The first promise that fell. */
  readonly violation?: Violation | undefined;
  /** It did not come to an end: `too slow`, or how its process broke down. */
  readonly broken?: string;
  /** Real ms. */
  readonly tookMs: number;
}

export interface SeedTrial {
  readonly seed: number;
  /** Until when it is played, simulated ms. Default: to its end. */
  readonly untilMs?: number;
}

/**
 * Plays seeds, one after the other, in a process of its own.
 *
 * @param script `try-seeds.js`, over the engine to be tried
 * @param limitMs a seed that takes longer is given up; real ms
 */
export async function* trySeeds(
  script: string,
  trials: readonly SeedTrial[],
  limitMs: number,
): AsyncGenerator<TriedSeed> {
  for (let done = 0; done < trials.length; ) {
    const rest = trials.slice(done);
    for await (const tried of inOneProcess(script, rest, limitMs)) {
      done += 1;
      yield tried;
    }
  }
}

/** The same, until a seed breaks the process: that one is the last. */
async function* inOneProcess(
  script: string,
  trials: readonly SeedTrial[],
  limitMs: number,
): AsyncGenerator<TriedSeed> {
  const names = trials.map(({ seed, untilMs }) => [seed, untilMs].filter(isGiven).join(':'));
  const child = spawn(process.execPath, ['--no-warnings', script, ...names], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2_000);
  });
  let isTooSlow = false;
  const giveUp = () => {
    isTooSlow = true;
    child.kill('SIGKILL');
  };
  let began = performance.now();
  let timer = setTimeout(giveUp, limitMs);
  let count = 0;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      clearTimeout(timer);
      count += 1;
      yield JSON.parse(line);
      began = performance.now();
      timer = setTimeout(giveUp, limitMs);
    }
    const broken = trials[count];
    if (broken === undefined) return;
    const tookMs = Math.round(performance.now() - began);
    yield { seed: broken.seed, broken: isTooSlow ? 'too slow' : complaint, tookMs };
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

function isGiven(value: number | undefined): value is number {
  return value !== undefined;
}
