import type { AttemptEvidence, Evidence } from './evidence.js';
import { killOf } from './judge/lost-rotations.js';
import { percentile } from './percentile.js';

/** How an account came back after the process that was renewing it had been killed. */
interface Recovery {
  readonly point: string;
  readonly ms: number;
  /** Token requests its server was asked meanwhile. */
  readonly requests: number;
}

/** After a kill in the middle of a renewal: time and requests until it had a new token. */
export function recoveries(evidence: Evidence): [string, string][] {
  const all = [...evidence.attempts.values()].flatMap((attempt) => recoveryOf(evidence, attempt));
  const points = [...new Set(all.map(({ point }) => point))].sort(
    (left, right) => Number(left.slice(2)) - Number(right.slice(2)),
  );
  return points.map((point) => {
    const those = all.filter((each) => each.point === point);
    const times = those.map(({ ms }) => ms);
    const requests = those.map(({ requests: count }) => count);
    const seconds = [0.5, 0.99].map((part) => ((percentile(times, part) ?? 0) / 1_000).toFixed(1));
    return [
      `4 killed at ${point}: times; seconds p50 / p99; most requests`,
      `${those.length}; ${seconds.join(' / ')}; ${Math.max(...requests)}`,
    ];
  });
}

function recoveryOf(evidence: Evidence, attempt: AttemptEvidence): Recovery[] {
  const { account, attemptId, point } = attempt;
  const process = killOf(evidence, attemptId);
  const killedAt = evidence.lives.find(({ name }) => name === process)?.killedAt;
  if (killedAt === undefined) return [];
  const isBack = (other: AttemptEvidence) =>
    other.account === account && other.keptAt !== undefined && other.keptAt > killedAt;
  const backAt = [...evidence.attempts.values()]
    .filter(isBack)
    .map(({ keptAt = Infinity }) => keptAt)
    .sort((left, right) => left - right)[0];
  if (backAt === undefined) return [];
  const requests = evidence.servers
    .flatMap(({ entries }) => entries)
    .filter(({ accountId, at }) => accountId === account && at > killedAt && at <= backAt);
  // An attempt begins when its claim is durable.
  return [{ point: point ?? 'CP1', ms: backAt - killedAt, requests: requests.length }];
}
