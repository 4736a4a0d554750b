import { defaultParameters as p } from '@tokenkeep/core';
import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { AccountsAtServers, accountAsked } from './accounts-at-servers.js';
import { Reasons } from './reasons.js';
import { runsOn } from './runs-on.js';
import { lifeOf, type StoredAccount } from './stored-tokens.js';

/** Clocks that run apart, and the way of a reply. */
const slackMs = 500;

interface Failed {
  readonly send: Send;
  readonly readAt: number;
  /** Its token had served for a while, and was to be renewed: that is not forgotten in its time. */
  readonly isLate: boolean;
}

/**
 * I2: a server that fails or says when to come again is left alone: longer after each failure, and
 * as long as it said. Only a person comes sooner.
 */
export function backsOff(simulation: Simulation): Watcher {
  const accounts = new AccountsAtServers(simulation);
  const reasons = new Reasons(simulation, accounts);
  const failures = new Map<string, { tokens: string; inARow: Failed[] }>();

  return {
    changed: (id, _before, after) => accounts.learn(id, after),
    told: (process, event, facts) => reasons.told(process, event, facts),
    read(send) {
      const key = accountAsked(send);
      if (key === undefined) return;
      const { readStatus = 0, readHonestly } = send;
      if (readStatus < 300 && !readHonestly) return;
      const record = accounts.recordOf(send);
      const tokens = tokensOf(record);
      const before = failures.get(key);
      const inARow = before?.tokens === tokens ? before.inARow : [];
      const failed = {
        send,
        readAt: simulation.now,
        isLate: isLate(simulation, record) && !reasons.isByHand(send),
      };
      // Another no is an answer: a step down the ladder waits for nothing.
      const isFailure = readStatus === 429 || readStatus >= 500;
      failures.set(key, { tokens, inARow: isFailure ? [...inARow, failed] : [] });
    },
    sent(send) {
      const key = accountAsked(send);
      const { tokens, inARow = [] } = failures.get(key ?? '') ?? {};
      const last = inARow.at(-1);
      if (last === undefined || reasons.isByHand(send)) return;
      const record = accounts.recordOf(send);
      if (record !== undefined && tokensOf(record) !== tokens) return;
      if (!runsOn(simulation, last.send)) return;
      const waitedMs = simulation.now - last.readAt;
      const { retryAfterMs = 0 } = last.send;
      // A person's request was answered while this one was on its way.
      if (reasons.isByHand(last.send) && waitedMs < slackMs) return;
      if (waitedMs < retryAfterMs - slackMs) {
        simulation.violate('I2', `${key} came after ${waitedMs} ms, and not ${retryAfterMs}`);
      }
      const known = inARow.filter((each) => each.isLate && runsOn(simulation, each.send)).length;
      const leastMs = Math.min(p.backoffMaxMs, p.backoffBaseMs * 2 ** (known - 1)) / 2;
      if (known === 0 || waitedMs >= leastMs - slackMs) return;
      simulation.violate('I2', `${key} came ${waitedMs} ms after failure ${known} in a row`);
    },
  };
}

/** Others than when a request failed: there was a success since, of a garbled reply perhaps. */
function tokensOf(record: StoredAccount | undefined): string {
  return record === undefined ? '' : `${lifeOf(record)} ${record.generation}`;
}

/** Whether the engine has by now forgotten what failed before the token at hand. */
function isLate(simulation: Simulation, record: StoredAccount | undefined): boolean {
  const { issuedAt, lifetimeMs } = record?.access ?? {};
  if (issuedAt === undefined || lifetimeMs === undefined) return true;
  const ageMs = simulation.store.now().ms - issuedAt.ms;
  return ageMs > Math.min(lifetimeMs / 2, p.forcedGapMs) + slackMs;
}
