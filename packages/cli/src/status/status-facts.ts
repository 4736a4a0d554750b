import type { EpochMs } from '@tokenkeep/core';
import { errorFacts } from '../terminal/error-block.js';
import { isoTime } from '../terminal/life-in-words.js';
import { accountInWords, type Found, tokenLives } from './account-state.js';

/** What `status --json` prints. Times are RFC 3339 in UTC; members that are unknown are left out. */
export function statusFacts(found: readonly Found[], now: EpochMs) {
  return { at: isoTime(now), accounts: found.map((each) => accountFacts(each, now)) };
}

function accountFacts(found: Found, now: EpochMs) {
  const { id, name, provider } = found;
  const { state: summary } = accountInWords(found, now);
  if ('error' in found) {
    return {
      id,
      name,
      provider,
      summary,
      tokenLives: false,
      error: errorFacts(found.error, { verbose: false }),
    };
  }
  const { state, reason, generation, failures, loginBudget } = found;
  const { accessEndsAt, refreshEndsAt, refreshable, grantedScope, next, blocked } = found;
  return {
    id,
    name,
    provider,
    state,
    summary,
    tokenLives: tokenLives(found, now),
    ...(reason === undefined ? {} : { reason }),
    generation,
    failures,
    ...(accessEndsAt === undefined ? {} : { accessEndsAt: isoTime(accessEndsAt) }),
    ...(refreshEndsAt === undefined ? {} : { refreshEndsAt: isoTime(refreshEndsAt) }),
    refreshable,
    ...(grantedScope === undefined ? {} : { grantedScope }),
    ...(next === undefined ? {} : { next: { action: next.action, at: isoTime(next.at) } }),
    ...(blocked === undefined
      ? {}
      : { blocked: { reason: blocked.reason, until: isoTime(blocked.until) } }),
    ...(loginBudget === undefined ? {} : { loginBudget }),
  };
}
