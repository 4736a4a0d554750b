import { sayingOddities } from '../events/odd-replies.js';
import { type Invocation, withEngine } from '../invocation.js';
import { newTokenFacts, newTokenText } from '../terminal/new-token.js';
import { plainText } from '../terminal/plain-text.js';
import { withProgress } from '../terminal/progress.js';

/** Gets the next token now, within the guard: by a login where nothing can be refreshed. */
export async function renew(account: string, invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const name = plainText(account);
  const loggedIn = new Set<string>();
  const token = await withEngine(invocation, (engine) => {
    engine.on('token:obtained', (event) => void loggedIn.add(event.account));
    const ask = () => withProgress(terminal, `Renewing ${name}`, engine.renew(account));
    return sayingOddities({ engine, terminal }, ask);
  });
  const done = loggedIn.has(token.account) ? 'logged in' : 'renewed';
  terminal.show(newTokenFacts(token), () => newTokenText(`${name} is ${done}`, token, terminal));
}
