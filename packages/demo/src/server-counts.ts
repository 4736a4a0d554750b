import type { Member } from './cast.js';

/** What one account cost, counted from its server's request log: the engine is not asked. */
export interface ServerCounts {
  readonly member: Member;
  /** Logins; for an account in a chain, tokens obtained with another account's token. */
  readonly logins: number;
  readonly refreshes: number;
  readonly served: number;
  /** API calls answered "token invalid". */
  readonly refused: number;
  /** API calls with a token past its end. */
  readonly expiredShown: number;
  /** API calls with a token ended early, or never issued. */
  readonly revokedShown: number;
  /** How many refresh tokens were sent, and the most sends of one. */
  readonly generationsSent: number;
  readonly mostSends: number;
  readonly replays: number;
  readonly familiesRevoked: number;
  /** Tokens ended with DELETE. */
  readonly ended: number;
  /** The most token requests in any `loopWindowMs`. */
  readonly busiest: number;
}

/** A client in a loop makes hundreds of token requests in this time. */
export const loopWindowMs = 6_000;

export function countsOf(member: Member): ServerCounts {
  const { log } = member.server;
  const own = { accountId: member.name };
  const mine = log.where(own);
  const api = mine.filter(({ operation }) => operation === 'api');
  const count = (test: (entry: (typeof mine)[number]) => boolean) => mine.filter(test).length;
  const sends = [...log.requestsPerGeneration()]
    .filter(([key]) => key.startsWith(`${member.name}#`))
    .map(([, times]) => times);
  return {
    member,
    logins: count(({ operation }) => operation === 'obtain'),
    refreshes: count(({ operation }) => operation === 'refresh'),
    served: api.filter(({ outcome }) => outcome === 'served').length,
    refused: api.filter(({ outcome }) => outcome === 'token_rejected').length,
    expiredShown: api.filter(({ tokenState }) => tokenState === 'expired').length,
    revokedShown: api.filter(({ tokenState }) => isUnusable(tokenState)).length,
    generationsSent: sends.length,
    mostSends: Math.max(0, ...sends),
    replays: count(({ replay }) => replay),
    familiesRevoked: count(({ familyRevoked }) => familyRevoked),
    ended: count(({ operation, outcome }) => operation === 'revoke' && outcome === 'revoked'),
    busiest:
      log.maxPerRollingWindow('obtain', loopWindowMs, own) +
      log.maxPerRollingWindow('refresh', loopWindowMs, own),
  };
}

function isUnusable(state: string | undefined): boolean {
  return state === 'revoked' || state === 'unknown';
}
