import type { SingleUse } from '@tokenkeep/core';
import type { Evidence, ServerEvidence } from '../evidence.js';
import type { WitnessedEntry } from '../witnessed-authority.js';
import type { Verdict } from './verdict.js';

/** What a provider says proves that it did not act. */
const notProcessed = [429, 503];

/**
 * I1: a single-use refresh token is sent once for each generation; a second time only where the
 * profile allows it, and only while the first is in doubt; never once its reply was committed.
 */
export function singleSend(evidence: Evidence): Verdict {
  const broken: string[] = [];
  let looked = 0;
  for (const server of evidence.servers) {
    if (server.refreshToken === 'reusable') continue;
    for (const [token, sends] of sendsByToken(server)) {
      looked += 1;
      const doubtful = sends.filter((entry) => !isProvablyUnprocessed(entry, evidence));
      const most = mostSends(server.refreshToken, server.inDoubt);
      if (doubtful.length > most) {
        broken.push(`${token} was sent ${doubtful.length} times, ${most} at most`);
      }
      for (const [index, entry] of doubtful.entries()) {
        const again = doubtful
          .slice(index + 1)
          .find((later) => isAfterCommit(entry, later, evidence));
        if (again !== undefined) {
          broken.push(`${token} was sent by ${again.attemptId} after ${entry.attemptId} was kept`);
        }
      }
    }
  }
  return { promise: 'I1', says: 'sends of single-use refresh tokens', looked, broken };
}

/** Requests that presented each single-use refresh token, oldest first. */
export function sendsByToken(server: ServerEvidence): Map<string, WitnessedEntry[]> {
  const sends = new Map<string, WitnessedEntry[]>();
  for (const entry of server.entries) {
    const { operation, accountId, presentedGeneration } = entry;
    if (operation !== 'refresh' || presentedGeneration === undefined) continue;
    const token = `${accountId}#${presentedGeneration}`;
    sends.set(token, [...(sends.get(token) ?? []), entry]);
  }
  return sends;
}

function isProvablyUnprocessed(
  { status, outcome, attemptId }: WitnessedEntry,
  { cuts }: Pick<Evidence, 'cuts'>,
): boolean {
  const isSaid = outcome === 'faulted' && notProcessed.includes(status);
  return isSaid && !cuts.has(attemptId ?? '');
}

function mostSends({ reuseGraceMs }: SingleUse, inDoubt: ServerEvidence['inDoubt']): number {
  return inDoubt === 'resend-once' || reuseGraceMs > 0 ? 2 : 1;
}

/** Nothing was in doubt any more when the later attempt took its claim. */
function isAfterCommit(earlier: WitnessedEntry, later: WitnessedEntry, { attempts }: Evidence) {
  const keptAt = attempts.get(earlier.attemptId ?? '')?.keptAt;
  const startedAt = attempts.get(later.attemptId ?? '')?.startedAt;
  return keptAt !== undefined && startedAt !== undefined && keptAt < startedAt;
}
