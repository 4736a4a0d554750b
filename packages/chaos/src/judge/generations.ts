import type { Evidence, HandedBy } from '../evidence.js';
import { issuedByPrint } from './living-tokens.js';
import type { Verdict } from './verdict.js';

/**
 * I4: in no process does the generation of an account go back, nor does the record in the end stand
 * below what was handed out; and the refresh token that was sent from a generation came in the same
 * reply as the access token that was handed out as that generation.
 */
export function generations(evidence: Evidence): Verdict {
  const broken = [...goneBack(evidence), ...belowHanded(evidence), ...mixedReplies(evidence)];
  return {
    promise: 'I4',
    says: 'generations handed out and sent from',
    looked: evidence.handed.length + evidence.attempts.size,
    broken,
  };
}

function goneBack({ handed }: Evidence): string[] {
  const newest = new Map<string, HandedBy>();
  const broken: string[] = [];
  for (const token of handed) {
    const key = `${token.process} ${token.account}`;
    const before = newest.get(key);
    if (before !== undefined && token.generation < before.generation && token.last > before.first) {
      broken.push(
        `${token.process} handed out ${token.account} generation ${token.generation} after ` +
          `${before.generation}`,
      );
    }
    if (before === undefined || token.generation > before.generation) newest.set(key, token);
  }
  return broken;
}

function belowHanded({ handed, healing }: Evidence): string[] {
  return healing.flatMap(({ account, generation, lookedAt }) => {
    const before = handed.filter((each) => each.account === account && each.saidAt < lookedAt);
    const highest = Math.max(0, ...before.map((each) => each.generation));
    if (generation >= highest) return [];
    return [`${account} stands at generation ${generation}, below ${highest}`];
  });
}

function mixedReplies(evidence: Evidence): string[] {
  const sets = issuedByPrint(evidence);
  /** The generations at the server of what was handed out as a generation of the engine's. */
  const handedAs = new Map<string, Set<number>>();
  for (const { account, generation, print } of evidence.handed) {
    const set = sets.get(`${account} ${print}`);
    if (set === undefined) continue;
    const key = `${account} ${generation}`;
    handedAs.set(key, (handedAs.get(key) ?? new Set()).add(set.generation));
  }
  return evidence.servers
    .filter(({ refreshToken }) => refreshToken !== 'reusable')
    .flatMap(({ entries }) => entries)
    .flatMap(({ operation, accountId, presentedGeneration, attemptId }) => {
      const attempt = evidence.attempts.get(attemptId ?? '');
      if (operation !== 'refresh' || presentedGeneration === undefined || !attempt) return [];
      const seen = handedAs.get(`${accountId} ${attempt.generation}`);
      if (seen === undefined || seen.has(presentedGeneration)) return [];
      return [
        `${accountId}: generation ${attempt.generation} holds the refresh token of reply ` +
          `${presentedGeneration} and the access token of reply ${[...seen].join()}`,
      ];
    });
}
