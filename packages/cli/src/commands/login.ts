import { type Invocation, withEngine } from '../invocation.js';
import { newTokenFacts, newTokenText } from '../terminal/new-token.js';
import { plainText } from '../terminal/plain-text.js';
import { withProgress } from '../terminal/progress.js';

/** Logs in with the account's credentials, whatever goes on. */
export async function login(account: string, invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const name = plainText(account);
  const token = await withEngine(invocation, (engine) =>
    withProgress(terminal, `Logging in to ${name}`, engine.login(account)),
  );
  terminal.show(newTokenFacts(token), () => newTokenText(`${name} is logged in`, token, terminal));
}
