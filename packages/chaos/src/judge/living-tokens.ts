import type { Evidence, IssuedEvidence } from '../evidence.js';
import type { Verdict } from './verdict.js';

/** I3, I8: nobody was handed a token past its end, or one of another account. */
export function livingTokens(evidence: Evidence): Verdict {
  const issued = issuedByPrint(evidence);
  const broken: string[] = [];
  for (const { process, account, print, last } of evidence.handed) {
    const set = issued.get(`${account} ${print}`);
    if (set === undefined) {
      broken.push(`${process} handed out a token for ${account} that was never issued to it`);
    } else if (last > set.accessEndsAt) {
      const lateMs = Math.round(last - set.accessEndsAt);
      broken.push(`${process} handed out ${account}#${set.generation} ${lateMs} ms after its end`);
    }
  }
  return {
    promise: 'I3, I8',
    says: 'tokens handed out, against their ends at the server',
    looked: evidence.handed.length,
    broken,
  };
}

/** A server may issue the same access token again, with a later end. */
export function issuedByPrint({ servers }: Evidence): Map<string, IssuedEvidence> {
  const all = new Map<string, IssuedEvidence>();
  for (const set of servers.flatMap(({ issued }) => issued)) {
    const key = `${set.account} ${set.print}`;
    const known = all.get(key);
    if (known === undefined || known.accessEndsAt < set.accessEndsAt) all.set(key, set);
  }
  return all;
}
