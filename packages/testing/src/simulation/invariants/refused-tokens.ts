import { defaultParameters as p } from '@tokenkeep/core';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { AccountsAtServers, accountAsked } from './accounts-at-servers.js';
import { Reasons } from './reasons.js';
import { type StoredAccount, storedAccount } from './stored-tokens.js';

/** From the guard's look at the clock to the first byte. */
const slackMs = 15_000;

/**
 * I2: an API that refuses every token costs one renewal in five minutes, and no storm.
 */
export function refusedTokens(simulation: Simulation): Watcher {
  const accounts = new AccountsAtServers(simulation);
  const reasons = new Reasons(simulation, accounts);
  /** When an account last asked for no other reason, and when it did so and got a token. */
  const forcedAt = new Map<string, number>();
  const replacedAt = new Map<string, number>();

  return {
    told: (process, event, facts) => reasons.told(process, event, facts),
    changed(id, before, after) {
      accounts.learn(id, after);
      const at = forcedAt.get(id);
      if (before === undefined || at === undefined) return;
      const [was, is] = [storedAccount(before), storedAccount(after)];
      if (is.generation === was.generation) return;
      forcedAt.delete(id);
      // A person's login begins anew.
      if (is.incarnation === was.incarnation) replacedAt.set(id, at);
      else replacedAt.delete(id);
    },
    sent(send) {
      const id = accountAsked(send) === undefined ? undefined : accounts.idOf(send);
      const { access, upstream } = accounts.recordOf(send) ?? {};
      if (id === undefined || !access?.refused || reasons.isByHand(send)) return;
      // With a new bearer it may go better.
      if (upstream !== undefined || isNearItsEnd(simulation, access)) return;
      forcedAt.set(id, simulation.now);
      const last = replacedAt.get(id);
      if (last === undefined || simulation.now - last > p.forcedGapMs - slackMs) return;
      const agoMs = Math.round(simulation.now - last);
      simulation.violate('I2', `${id} replaced a refused token, ${agoMs} ms after another one`);
    },
  };
}

/** It would be renewed now or soon, refused or not. */
function isNearItsEnd(
  { store }: Simulation,
  { issuedAt, lifetimeMs }: NonNullable<StoredAccount['access']>,
): boolean {
  const now = store.now();
  return issuedAt.epoch !== now.epoch || issuedAt.ms + lifetimeMs / 2 < now.ms;
}
