import { fingerprint } from '../../server/fingerprint.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { accessIn, storedAccount } from './stored-tokens.js';

/**
 * I2: a token counts as refused only if a server refused it; not if it refused the one before. Holds
 * where nobody speaks of refusals by servers that are not simulated.
 */
export function trueRefusals(simulation: Simulation): Watcher {
  return {
    changed(id, before, after) {
      const is = storedAccount(after);
      if (!is.access?.refused) return;
      const was = before && storedAccount(before);
      if (was?.access?.refused && was.generation === is.generation) return;
      const token = accessIn(simulation, is)?.token;
      if (token === undefined || wasRefused(simulation, token)) return;
      simulation.violate('I2', `${id} counts a token as refused that no server has refused`);
    },
  };
}

function wasRefused({ network }: Simulation, token: string): boolean {
  const name = fingerprint(token);
  for (const { authority } of network.servers.values()) {
    if (authority.log.count({ outcome: 'token_rejected', presented: name }) > 0) return true;
  }
  return false;
}
