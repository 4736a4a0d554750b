import { type AccessToken, type TokenEngine, TokenError } from '@tokenkeep/core';
import { sayingOddities } from '../events/odd-replies.js';
import { type Invocation, noteAccountOf, withEngine } from '../invocation.js';
import { logsItselfIn } from '../login/logs-itself-in.js';
import { type LoginWishes, terminalInteraction } from '../login/terminal-interaction.js';
import { commandLineError } from '../terminal/command-line-error.js';
import { newTokenFacts, newTokenText } from '../terminal/new-token.js';
import { plainText } from '../terminal/plain-text.js';
import { withProgress } from '../terminal/progress.js';
import { shellWord } from '../terminal/shell-word.js';
import type { Terminal } from '../terminal/terminal.js';

/** Logs in with the account's credentials, whatever goes on; without them a person has to. */
export async function login(
  account: string,
  wishes: LoginWishes,
  invocation: Invocation,
): Promise<void> {
  const { terminal } = invocation;
  const name = plainText(account);
  const token = await withEngine(invocation, async (engine, config) => {
    if (wishes.device && (await logsItselfIn(account, engine, config))) throw needsNobody(name);
    const ask = () => logIn(engine, account, wishes, terminal);
    try {
      return await sayingOddities({ engine, terminal }, ask);
    } catch (error) {
      // What a person did is not the account's doing: the engine does not name it.
      if (TokenError.is(error) && error.account === undefined) {
        noteAccountOf(error, account, engine, config);
      }
      throw error;
    }
  });
  terminal.show(newTokenFacts(token), () => newTokenText(`${name} is logged in`, token, terminal));
}

function needsNobody(name: string): TokenError {
  return commandLineError(
    `--device is for accounts that a person logs in to, and ${name} has credentials to log in ` +
      `with. Run: tokenkeep login ${shellWord(name)}`,
  );
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
