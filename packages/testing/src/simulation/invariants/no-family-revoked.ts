import { type ProviderProfile, singleUse } from '@tokenkeep/core';
import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';

/**
 * I16: no grant is revoked because of us while a process still carries its newest token. A resend
 * in doubt may end a family whose newest token is lost anyway; it must not end one that lives in
 * somebody's memory.
 */
export function noFamilyRevoked(simulation: Simulation): Watcher {
  /** Requests that were processed, by the token set they presented. */
  const processed = new Map<string, Send[]>();

  return {
    processed(send, entry) {
      const { operation, server, accountId, presentedGeneration } = send;
      if (operation !== 'refresh' || presentedGeneration === undefined) return;
      const key = `${server.origin} ${accountId}#${presentedGeneration}`;
      const earlier = processed.get(key) ?? [];
      processed.set(key, [...earlier, send]);
      if (!entry.familyRevoked) return;
      const profile = simulation.profileOf(server.origin);
      if (profile === undefined || !mayResend(profile)) {
        simulation.violate('I16', `${key}: a used token was presented, and its family ended`);
      } else if (earlier.some(carriesOn)) {
        simulation.violate('I16', `${key}: its family was ended while a process held its newest`);
      }
    },
  };
}

/** It read the reply and has run on since: nobody had to guess what became of its request. */
function carriesOn({ readStatus, readHonestly, process, timesHeldAtSend }: Send): boolean {
  const ran = process.isAlive && process.timesHeld === timesHeldAtSend;
  return readStatus !== undefined && readHonestly === true && ran;
}

function mayResend(profile: ProviderProfile): boolean {
  return profile.inDoubt === 'resend-once' || (singleUse(profile)?.reuseGraceMs ?? 0) > 0;
}
