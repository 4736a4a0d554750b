import type { AccessToken, TokenEngine } from '@tokenkeep/core';
import { type Invocation, withEngine } from '../invocation.js';
import { isoTime } from '../terminal/life-in-words.js';
import { plainText } from '../terminal/plain-text.js';
import { withProgress } from '../terminal/progress.js';
import type { Terminal } from '../terminal/terminal.js';

export interface TokenOptions {
  /** Print the header lines that carry the token instead of the token. */
  readonly header: boolean;
  readonly minValidityMs: number | undefined;
}

/** Prints a token that lives, and nothing else, to stdout. */
export async function token(
  account: string,
  { header, minValidityMs }: TokenOptions,
  invocation: Invocation,
): Promise<void> {
  const { terminal } = invocation;
  const found = await withEngine(invocation, (engine) =>
    waitForToken(engine, account, minValidityMs, terminal),
  );
  terminal.show(tokenFacts(found), () => (header ? headerLines(found).join('\n') : found.reveal()));
}

export function waitForToken(
  engine: TokenEngine,
  account: string,
  minValidityMs: number | undefined,
  terminal: Terminal,
): Promise<AccessToken> {
  const options = minValidityMs === undefined ? {} : { minValidityMs };
  const words = `Waiting for a token of ${plainText(account)}`;
  return withProgress(terminal, words, engine.getToken(account, options));
}

/** `Authorization: Bearer ...`, a line for each header. */
export function headerLines(found: AccessToken): string[] {
  return Object.entries(found.headers()).map(([name, value]) => `${name}: ${value}`);
}

function tokenFacts(found: AccessToken) {
  return {
    account: found.account,
    token: found.reveal(),
    headers: found.headers(),
    expiresAt: isoTime(found.expiresAt),
    generation: found.generation,
  };
}
