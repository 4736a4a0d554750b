import { Worker } from 'node:worker_threads';
import type { FailedRun } from './failure.js';
import { added, nothing, type Summary } from './summary.js';

export interface SwarmOptions {
  /** The first seed; the others follow it. */
  readonly from: number;
  /** Threads. */
  readonly workers: number;
  /** Enough: ask after each seed. */
  readonly isEnough: (soFar: Summary) => boolean;
}

export interface WorkerTask {
  readonly from: number;
  readonly step: number;
}

/** What a thread says of one seed. */
export type SeedReport =
  | { readonly seed: number; readonly summary: Summary; readonly failed: FailedRun | undefined }
  | { readonly seed: number; readonly thrown: string };

export interface SwarmEnd {
  readonly summary: Summary;
  readonly failures: readonly FailedRun[];
  /** Seeds whose run broke down, and how. */
  readonly broken: readonly { readonly seed: number; readonly thrown: string }[];
}

/** Whatever breaks so many runs breaks all of them. */
const mostBroken = 20;

/** Plays seed after seed on several threads. */
export async function swarm({ from, workers, isEnough }: SwarmOptions): Promise<SwarmEnd> {
  let summary = nothing;
  const failures: FailedRun[] = [];
  const broken: { seed: number; thrown: string }[] = [];
  const threads = Array.from({ length: workers }, (_, index) => {
    const task: WorkerTask = { from: from + index, step: workers };
    return new Worker(new URL('./swarm-worker.js', import.meta.url), { workerData: task });
  });
  try {
    await new Promise<void>((resolve, reject) => {
      for (const thread of threads) {
        thread.on('error', reject);
        thread.on('message', (report: SeedReport) => {
          if ('thrown' in report) broken.push(report);
          else summary = added(summary, report.summary);
          if ('failed' in report && report.failed !== undefined) failures.push(report.failed);
          if (isEnough(summary) || broken.length === mostBroken) resolve();
        });
      }
    });
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return { summary, failures, broken };
}
