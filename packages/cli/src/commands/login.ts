import { type AccessToken, type TokenEngine, TokenError } from '@tokenkeep/core';
import { type Invocation, withEngine } from '../invocation.js';
import { type LoginWishes, terminalInteraction } from '../login/terminal-interaction.js';
import { newTokenFacts, newTokenText } from '../terminal/new-token.js';
import { plainText } from '../terminal/plain-text.js';
import { withProgress } from '../terminal/progress.js';
import type { Terminal } from '../terminal/terminal.js';

/** Logs in with the account's credentials, whatever goes on; without them a person has to. */
export async function login(
  account: string,
  wishes: LoginWishes,
  invocation: Invocation,
): Promise<void> {
  const { terminal } = invocation;
  const name = plainText(account);
  const token = await withEngine(invocation, (engine) => logIn(engine, account, wishes, terminal));
  terminal.show(newTokenFacts(token), () => newTokenText(`${name} is logged in`, token, terminal));
}

async function logIn(
  engine: TokenEngine,
  account: string,
  wishes: LoginWishes,
  terminal: Terminal,
): Promise<AccessToken> {
  const interaction = terminalInteraction(wishes, terminal);
  if (wishes.device) return engine.login(account, { interaction });
  try {
    const words = `Logging in to ${plainText(account)}`;
    return await withProgress(terminal, words, engine.login(account));
  } catch (error) {
    if (!TokenError.is(error) || error.reason !== 'no_credentials') throw error;
    return engine.login(account, { interaction });
  }
}
