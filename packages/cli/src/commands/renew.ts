import { type Invocation, withEngine } from '../invocation.js';
import { newTokenFacts, newTokenText } from '../terminal/new-token.js';
import { plainText } from '../terminal/plain-text.js';
import { withProgress } from '../terminal/progress.js';

/** Gets the next token now, within the guard. */
export async function renew(account: string, invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const name = plainText(account);
  const token = await withEngine(invocation, (engine) =>
    withProgress(terminal, `Renewing ${name}`, engine.renew(account)),
  );
  terminal.show(newTokenFacts(token), () => newTokenText(`${name} is renewed`, token, terminal));
}
