import type { Draw } from './draw.js';
import { type FailedRun, failureIn } from './failure.js';
import { runDraw } from './run-draw.js';

/** Runs it may take to make a failing draw smaller. */
const mostRuns = 200;

/**
 * Takes away from a failing draw whatever is not needed for the same promise to break: faults,
 * kinds of accounts, processes, time. Greedy, one thing at a time.
 */
export async function shrink(failed: FailedRun): Promise<FailedRun> {
  let smallest = failed;
  let runs = 0;
  for (let progress = true; progress && runs < mostRuns; ) {
    progress = false;
    for (const smaller of smallerThan(smallest)) {
      runs += 1;
      if (runs > mostRuns) break;
      const again = failureIn(await runDraw(smaller));
      if (again?.violation.invariant !== failed.violation.invariant) continue;
      smallest = again;
      progress = true;
      break;
    }
  }
  return smallest;
}

/** Everything that could be left out next, the largest pieces first. */
function* smallerThan({ draw, violation }: FailedRun): Generator<Draw> {
  const { disturbances, networkFaults, modes, processes, hosts } = draw;
  if (violation.at < draw.chaosMs * 0.9) yield { ...draw, chaosMs: Math.ceil(violation.at * 1.05) };
  if (disturbances.length > 3) {
    const half = Math.ceil(disturbances.length / 2);
    yield { ...draw, disturbances: disturbances.slice(half) };
    yield { ...draw, disturbances: disturbances.slice(0, half) };
  }
  for (const dropped of disturbances) {
    yield { ...draw, disturbances: disturbances.filter((each) => each !== dropped) };
  }
  if (disturbances.includes('network')) {
    for (const dropped of networkFaults) {
      yield { ...draw, networkFaults: networkFaults.filter((each) => each !== dropped) };
    }
  }
  for (const dropped of modes) {
    if (modes.length > 1) yield { ...draw, modes: modes.filter((each) => each !== dropped) };
    if (dropped.accounts === 1) continue;
    const fewer = { ...dropped, accounts: dropped.accounts - 1 };
    yield { ...draw, modes: modes.map((each) => (each === dropped ? fewer : each)) };
  }
  if (processes > 1) {
    yield { ...draw, processes: processes - 1, hosts: Math.min(hosts, processes - 1) };
  }
  if (hosts > 1) yield { ...draw, hosts: hosts - 1 };
}
