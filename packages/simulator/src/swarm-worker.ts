import { parentPort, workerData } from 'node:worker_threads';
import { failureIn } from './failure.js';
import { runSeed } from './run-draw.js';
import { summaryOf } from './summary.js';
import type { SeedReport, WorkerTask } from './swarm.js';

// One thread of a swarm: it plays every n-th seed until it is told that there is enough.
const { from, step } = workerData as WorkerTask;

for (let seed = from; ; seed += step) {
  let report: SeedReport;
  try {
    const run = await runSeed(seed);
    report = { seed, summary: summaryOf(run), failed: failureIn(run) };
  } catch (error) {
    report = { seed, thrown: error instanceof Error ? (error.stack ?? error.message) : 'thrown' };
  }
  parentPort?.postMessage(report);
}
