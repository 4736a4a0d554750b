import { byAccount, type Evidence, type ServerEvidence } from '../evidence.js';
import type { WitnessedEntry } from '../witnessed-authority.js';
import type { Verdict } from './verdict.js';

/** A rotation whose new refresh token nobody has kept or used. */
export interface LostRotation {
  readonly server: string;
  readonly account: string;
  readonly generation: number;
  /** Why it was lost, if that is on record. */
  readonly because: string | undefined;
}

/**
 * Every rotation that was lost is explained by a kill of the process that had asked for it, or by a
 * reply that was cut, on record for that attempt. Nothing else may lose one.
 */
export function explainedLosses(evidence: Evidence): Verdict {
  const broken = lostRotations(evidence)
    .filter(({ because }) => because === undefined)
    .map(({ account, generation }) => `the rotation to ${account}#${generation} was lost: why?`);
  const looked = rotatingServers(evidence).flatMap(({ entries }) =>
    entries.filter(isRotation),
  ).length;
  return {
    promise: 'lost rotations',
    says: 'rotations: kept, or lost by a kill or a cut reply on record',
    looked,
    broken,
  };
}

export function lostRotations(evidence: Evidence): LostRotation[] {
  return rotatingServers(evidence).flatMap((server) =>
    [...byAccount(server)].flatMap(([account, entries]) =>
      entries.filter(isRotation).flatMap((rotation) => {
        const { generation = 0 } = rotation;
        if (isPresented(entries, generation) || isCurrent(evidence, server, account, generation)) {
          return [];
        }
        // A server with a grace brings the same pair again: any of those who read it may keep it.
        const carriers = entries.filter(
          (entry) => entry.operation === 'refresh' && entry.generation === generation,
        );
        if (carriers.some(({ attemptId }) => isKept(evidence, attemptId))) return [];
        const reasons = carriers.map((entry) => reasonOf(evidence, entry));
        const isExplained = reasons.every((reason) => reason !== undefined);
        const because = isExplained ? reasons.join(', then ') : undefined;
        return [{ server: server.name, account, generation, because }];
      }),
    ),
  );
}

/**
 * I6: a pair that was kept is what the account goes on with. A login in its place has to be
 * explained: by a request that presented it and did not arrive.
 */
export function keptPairs(evidence: Evidence): Verdict {
  const broken: string[] = [];
  let looked = 0;
  for (const server of rotatingServers(evidence)) {
    for (const [account, entries] of byAccount(server)) {
      for (const rotation of entries.filter(isRotation)) {
        const { generation = 0, attemptId, family = 0 } = rotation;
        const keeper = evidence.attempts.get(attemptId ?? '');
        if (keeper?.keptAt === undefined) continue;
        looked += 1;
        if (isPresented(entries, generation)) continue;
        if (isCurrent(evidence, server, account, generation)) continue;
        const next = entries.find(
          (entry) => entry.operation === 'obtain' && (entry.family ?? 0) > family,
        );
        if (next === undefined) continue;
        const onTheWay = [...evidence.attempts.values()].some(
          (attempt) =>
            attempt.account === account &&
            attempt.operation === 'refresh' &&
            // By its generation: who has kept a pair may say so late.
            attempt.generation > keeper.generation &&
            attempt.startedAt <= next.at &&
            !entries.some((entry) => entry.attemptId === attempt.attemptId) &&
            isLostOnTheWay(evidence, attempt.attemptId),
        );
        if (!onTheWay)
          broken.push(`${account} logged in, though ${account}#${generation} was kept`);
      }
    }
  }
  return { promise: 'I6', says: 'pairs that were kept, and gone on with', looked, broken };
}

function rotatingServers({ servers }: Evidence): ServerEvidence[] {
  return servers.filter(({ refreshToken }) => refreshToken !== 'reusable');
}

function isRotation({ operation, outcome }: WitnessedEntry): boolean {
  return operation === 'refresh' && outcome === 'issued';
}

function isPresented(entries: readonly WitnessedEntry[], generation: number): boolean {
  return entries.some(
    (entry) => entry.operation === 'refresh' && entry.presentedGeneration === generation,
  );
}

function isCurrent(
  evidence: Evidence,
  server: ServerEvidence,
  account: string,
  generation: number,
) {
  const print = evidence.healing.find((healed) => healed.account === account)?.print;
  const set = server.issued.find(
    (issued) => issued.account === account && issued.generation === generation,
  );
  return print !== undefined && set?.print === print;
}

function isKept({ attempts }: Evidence, attemptId: string | undefined): boolean {
  return attempts.get(attemptId ?? '')?.keptAt !== undefined;
}

/** Why the reply to this request did not come home. */
function reasonOf(evidence: Evidence, entry: WitnessedEntry): string | undefined {
  const { attemptId = '', fault } = entry;
  const cut = evidence.cuts.get(attemptId);
  if (cut !== undefined) return `reply cut (${cut.trouble})`;
  if (fault !== undefined) return `reply cut (${fault})`;
  const killed = killOf(evidence, attemptId);
  return killed === undefined ? undefined : `${killed} killed`;
}

/** The process of an attempt, if it was killed before the attempt came to its end. */
export function killOf({ attempts, lives }: Evidence, attemptId: string): string | undefined {
  const attempt = attempts.get(attemptId);
  if (attempt === undefined || attempt.endedAt !== undefined) return undefined;
  const life = lives.find(({ name }) => name === attempt.process);
  return life?.killedAt === undefined ? undefined : life.name;
}

function isLostOnTheWay(evidence: Evidence, attemptId: string): boolean {
  return evidence.cuts.has(attemptId) || killOf(evidence, attemptId) !== undefined;
}
