import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { AccountsAtServers, accountAsked } from './accounts-at-servers.js';
import { Reasons } from './reasons.js';
import { runsOn } from './runs-on.js';
import { lifeOf } from './stored-tokens.js';

/**
 * I2: one flight for an account in a process, and one claim among all processes. While a process
 * that runs waits for its reply, nobody asks for the same account; a person may.
 */
export function oneAtATime(simulation: Simulation): Watcher {
  const accounts = new AccountsAtServers(simulation);
  const reasons = new Reasons(simulation, accounts);
  const latest = new Map<string, { readonly send: Send; readonly state: string }>();

  /** What the account stands at: who sends on what was before does not hold others up. */
  const stateOf = (send: Send) => {
    const record = accounts.recordOf(send);
    return record === undefined ? '' : `${lifeOf(record)}.${record.generation}`;
  };

  return {
    changed: (id, _before, after) => accounts.learn(id, after),
    told: (process, event, facts) => reasons.told(process, event, facts),
    sent(send) {
      const key = accountAsked(send);
      if (key === undefined || reasons.isByHand(send)) return;
      const state = stateOf(send);
      const other = latest.get(key);
      latest.set(key, { send, state });
      if (other === undefined || other.send.isOver || other.state !== state) return;
      if (!runsOn(simulation, other.send)) return;
      const names = `${send.process.id} while ${other.send.process.id}`;
      simulation.violate('I2', `${key} was asked for by ${names} waited for a reply`);
    },
  };
}
