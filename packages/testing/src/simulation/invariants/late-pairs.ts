import type { IssuedSet } from '../../server/rotation/token-family.js';
import type { Send } from '../network/send.js';
import { readSealed } from '../readable-sealer.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { accountAsked } from './accounts-at-servers.js';
import { runsOn } from './runs-on.js';
import { accessIn, storedAccount } from './stored-tokens.js';

/** How long a process may take to have a token ended at the server, ms. */
const endedWithinMs = 300_000;

/**
 * I10: tokens that come after their account was revoked, or has begun another life, do not live on
 * at the server, where a token can be ended by itself.
 */
export function latePairs(simulation: Simulation): Watcher {
  /** Sets that a process has read, and that never stood in a record. */
  const homeless = new Map<IssuedSet, { readonly send: Send; readonly readAt: number }>();

  return {
    read(send) {
      judge();
      const { server, entry, readHonestly } = send;
      const { accountId, generation, outcome } = entry ?? {};
      const endsOne = simulation.profileOf(server.origin)?.revocationScope === 'token';
      if (accountAsked(send) === undefined || !endsOne || !readHonestly || outcome !== 'issued')
        return;
      const sets = server.authority.truth.tokens.of(accountId ?? '').flatMap((each) => each.sets);
      const set = sets.find((each) => each.generation === generation);
      if (set !== undefined) homeless.set(set, { send, readAt: simulation.now });
    },
    changed(_id, _before, after) {
      const set = accessIn(simulation, storedAccount(after))?.set;
      if (set !== undefined) homeless.delete(set);
    },
    ended: judge,
  };

  /** Of those that have been homeless for long enough. */
  function judge(): void {
    const old = [...homeless].filter(([, { readAt }]) => simulation.now - readAt > endedWithinMs);
    if (old.length === 0) return;
    const owed = [...simulation.store.rows.values()]
      .filter(({ kind }) => kind === 'account')
      .flatMap((row) => storedAccount(row).retiring)
      .map(({ sealed }) => readSealed(sealed));
    for (const [set, { send }] of old) {
      homeless.delete(set);
      const { accessToken, family } = set;
      const isLive = send.server.authority.truth.accessState(accessToken) === 'live';
      const isOwed = owed.some((secrets) => secrets.includes(accessToken));
      if (!isLive || isOwed || !runsOn(simulation, send)) continue;
      simulation.violate('I10', `a late token of ${family.accountId} lives on at its server`);
    }
  }
}
