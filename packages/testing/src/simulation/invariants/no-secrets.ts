import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { grantOf, setOf } from './stored-tokens.js';

/** As long as the shortest token a server mints, and made of what tokens are made of. */
const words = /[^\s"'`,;:<>()[\]{}\\]{16,}/g;

/** I7: no token that any server has issued is in what an engine logs, tells or throws. */
export function noSecrets(simulation: Simulation): Watcher {
  const check = (where: string, text: string) => {
    for (const [word] of text.matchAll(words)) {
      const owner = setOf(simulation, word) ?? grantOf(simulation, word);
      if (owner !== undefined) simulation.violate('I7', `${where} holds a token`);
    }
  };
  return {
    told: (_process, event, facts) => check(`the event ${event}`, JSON.stringify(facts)),
    refused: (_asking, error) =>
      check(`the error ${error.code}`, `${error.message} ${JSON.stringify(error)}`),
  };
}
