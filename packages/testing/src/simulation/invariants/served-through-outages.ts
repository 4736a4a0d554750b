import { defaultParameters } from '@tokenkeep/core';
import type { Simulation } from '../simulation.js';
import type { Asking, Watcher } from '../watcher.js';
import { accessIn, storedAccount } from './stored-tokens.js';

/** Words for which a valid token is rightly not handed out. */
const rightly = [
  'ABORTED',
  'ENGINE_STOPPED',
  'ACCOUNT_REVOKED',
  'STORE_ROLLED_BACK',
  // I11: what does not open stops its account.
  'RECORD_UNREADABLE',
  'KEY_UNKNOWN',
];
/** More than any clock differs, and any way to the store takes. */
const slackMs = 5_000;

/**
 * I14: while a token is valid it is served, whatever is down; afterwards there is an error that
 * says when. I15: every caller gets an answer within the time it gave.
 */
export function servedThroughOutages(simulation: Simulation): Watcher {
  const open = new Set<Asking>();
  /** The token a process last handed out for an account. */
  const handedOut = new Map<string, string>();
  /** When a token came home from escrow: long after it was issued, and news all the same. */
  const broughtHome = new Map<string, number>();
  return {
    asked: (asking) => void open.add(asking),
    told({ id }, event, { account }) {
      if (event === 'escrow:replayed') broughtHome.set(String(account), simulation.now);
      // Of its successor, which may be in escrow alone, not even the server may know the true end.
      if (event === 'token:renewed' || event === 'token:obtained')
        handedOut.delete(`${id} ${account}`);
    },
    served(asking, token) {
      open.delete(asking);
      handedOut.set(`${asking.process.id} ${asking.account}`, token.reveal());
      checkPatience(simulation, asking);
    },
    refused(asking, { code, retryable, retryAt }) {
      open.delete(asking);
      checkPatience(simulation, asking);
      if (rightly.includes(code)) return;
      const homeAt = broughtHome.get(asking.account) ?? Number.NEGATIVE_INFINITY;
      if (simulation.now - homeAt < slackMs) return;
      const atHand = handedOut.get(`${asking.process.id} ${asking.account}`);
      const leftMs = validForMs(simulation, asking, atHand);
      if (leftMs > slackMs) {
        const life = `${Math.round(leftMs / 1_000)} s of life left`;
        simulation.violate('I14', `${asking.account}: ${code}, and a token with ${life}`);
      }
      const dated = retryAt !== undefined || retryable;
      if (code === 'GUARD_REFUSED' && !dated) {
        simulation.violate('I14', `${asking.account}: ${code} does not say when to come again`);
      }
    },
    ended() {
      for (const asking of open) checkPatience(simulation, asking);
    },
  };
}

function checkPatience(simulation: Simulation, asking: Asking): void {
  const { process, askedAt, waitMs, account, timesHeldBefore } = asking;
  // Who stands still hears nothing, and counts no time.
  if (!process.isAlive || process.isHeld || process.timesHeld !== timesHeldBefore) return;
  const waitedMs = simulation.now - askedAt;
  // A wait that is no number is the caller's mistake, and told at once.
  if (Number.isNaN(waitMs) || waitedMs <= waitMs + slackMs) return;
  simulation.violate('I15', `a caller for ${account} was kept waiting for ${waitedMs} ms`);
}

/**
 * How long the token in the store still lives, if nothing speaks against handing it out. Whom the
 * store does not answer is only expected to know the one he has at hand.
 */
function validForMs(
  simulation: Simulation,
  { process, account, askedAt, timesHeldBefore }: Asking,
  atHand: string | undefined,
) {
  const { store } = simulation;
  const row = store.account(account);
  if (row === undefined || process.timesHeld !== timesHeldBefore) return 0;
  const record = storedAccount(row);
  const { access, state } = record;
  const isTroubled = store.lastTroubleOf(process) >= askedAt - slackMs;
  if (isTroubled && accessIn(simulation, record)?.token !== atHand) return 0;
  const now = store.now();
  if (access === undefined || state !== 'live' || access.refused || access.ended) return 0;
  if (access.sharesUpstream) return 0;
  if (access.issuedAt.epoch !== now.epoch || access.issuedAt.ms > now.ms - slackMs) return 0;
  const safetyMs = Math.min(defaultParameters.safetyMs, access.lifetimeMs / 10);
  return access.issuedAt.ms + access.lifetimeMs - safetyMs - now.ms;
}
