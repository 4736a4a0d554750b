import { type ProviderProfile, singleUse } from '@tokenkeep/core';
import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { grantIn, serverOf, storedAccount } from './stored-tokens.js';

/** From the look at the grace to the first byte: a connection and a slow store. */
const graceSlackMs = 30_000;
/** So long after its first byte nobody but the sender repeats a request: 95 s after the intent. */
const carriedMs = 89_000;

/**
 * I1: a single-use refresh token is sent once; twice where the profile allows it, and only while
 * the first is in doubt; never after its reply was committed.
 *
 * I16: nor while another process may still bring its reply home.
 *
 * Counted from the first byte of each request, and from what stands in the store.
 */
export function singleSend(simulation: Simulation): Watcher {
  const sends = new Map<string, Send[]>();
  /** Which presented token set each issued one was made from. */
  const madeFrom = new Map<string, string>();
  const committed = new Set<string>();

  return {
    sent(send) {
      const profile = simulation.profileOf(send.server.origin);
      const key = presented(send);
      if (profile === undefined || key === undefined || singleUse(profile) === undefined) return;
      const earlier = sends.get(key) ?? [];
      const doubtful = earlier.filter((each) => !isProvablyUnprocessed(each, profile));
      const [first] = doubtful;
      const graceMs = singleUse(profile)?.reuseGraceMs ?? 0;
      if (graceMs > 0 && first && send.sentAt > first.sentAt + graceMs + graceSlackMs) {
        simulation.violate('I1', `${key} was sent again, long after its grace`);
      }
      const carrier = graceMs > 0 ? undefined : doubtful.find((each) => mayCommit(each, send));
      if (carrier !== undefined) {
        simulation.violate(
          'I16',
          `${key} was sent again while ${carrier.process.id} may hold its reply`,
        );
      }
      if (committed.has(key)) {
        simulation.violate('I1', `${key} was sent after the reply to it had been committed`);
      } else if (doubtful.length >= mostSends(profile)) {
        simulation.violate('I1', `${key} was sent ${doubtful.length + 1} times in doubt`);
      }
      sends.set(key, [...earlier, send]);
    },
    processed(send, { outcome, accountId, generation }) {
      const key = presented(send);
      if (key === undefined || outcome !== 'issued') return;
      madeFrom.set(`${send.server.origin} ${accountId}#${generation}`, key);
    },
    changed(_id, _before, after) {
      const grant = grantIn(simulation, storedAccount(after));
      if (grant === undefined) return;
      const origin = serverOf(simulation, grant.family)?.origin;
      const key = madeFrom.get(`${origin} ${grant.family.accountId}#${grant.generation}`);
      if (key !== undefined) committed.add(key);
    },
  };
}

/** Somebody else's request whose reply may still come, or is on its way into the record. */
function mayCommit(
  { process, isOver, readStatus, readHonestly, sentAt }: Send,
  send: Send,
): boolean {
  const waits = !isOver || (readStatus === 200 && readHonestly === true);
  return waits && process !== send.process && process.isAlive && send.sentAt < sentAt + carriedMs;
}

function mostSends(profile: ProviderProfile): number {
  const graceMs = singleUse(profile)?.reuseGraceMs ?? 0;
  return profile.inDoubt === 'resend-once' || graceMs > 0 ? 2 : 1;
}

function presented({ operation, server, accountId, presentedGeneration }: Send) {
  if (operation !== 'refresh' || presentedGeneration === undefined) return undefined;
  return `${server.origin} ${accountId}#${presentedGeneration}`;
}

/** The process has read a reply that says that its request changed nothing. */
function isProvablyUnprocessed({ readStatus }: Send, { notProcessed }: ProviderProfile): boolean {
  if (readStatus === undefined) return false;
  return notProcessed.includes(readStatus) || (readStatus >= 300 && readStatus < 500);
}
