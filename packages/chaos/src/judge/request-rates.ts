import type { Parameters as EngineParameters } from '@tokenkeep/core';
import { mostInWindow } from '@tokenkeep/testing';
import { byAccount, type Evidence, type ServerEvidence } from '../evidence.js';
import type { Verdict } from './verdict.js';

/** Gaps are counted together: the time of one arrival is that of a busy machine. */
const GAPS = 10;

/**
 * I2: token requests of one account keep to the caps of an hour and to the gap between two, on the
 * server's clock, whatever a clock, a caller or a crash loop does.
 */
export function requestRates(evidence: Evidence, p: EngineParameters): Verdict {
  const broken: string[] = [];
  let looked = 0;
  for (const server of evidence.servers) {
    const cap = cappedRequests(server, p);
    const gapMs = Math.min(p.gapMs, server.accessLifeMs / 10);
    for (const [account, entries] of byAccount(server)) {
      const requests = entries.filter(({ operation }) => operation !== 'api');
      looked += requests.length;
      const most = mostInWindow(requests, p.capWindowMs);
      if (most > cap) broken.push(`${account} made ${most} requests in an hour, cap ${cap}`);
      // A step down the ladder does not wait: so each kind has its own row of gaps.
      for (const operation of ['refresh', 'obtain']) {
        const same = requests.filter((entry) => entry.operation === operation);
        const inGaps = mostInWindow(same, GAPS * gapMs);
        if (inGaps <= GAPS + 1) continue;
        broken.push(`${account} made ${inGaps} requests to ${operation} in ${GAPS} gaps`);
      }
    }
  }
  return { promise: 'I2', says: 'token requests, against the caps and the gap', looked, broken };
}

/** Requests that brought a token and others have caps of their own. */
function cappedRequests({ accessLifeMs }: ServerEvidence, p: EngineParameters): number {
  const perWindow = Math.ceil(p.capWindowMs / accessLifeMs);
  const parts = Math.max(p.usableCap, 2 * perWindow) + Math.max(p.otherCap, perWindow);
  // The window moves in twelfths: what it forgets too early is one part of them.
  return Math.ceil(parts * (1 + 1 / 12));
}
