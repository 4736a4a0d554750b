import type { AccessToken, TokenEngine } from '@tokenkeep/core';
import { accountCalled, providerOf } from '../accounts/configured-account.js';
import type { LoadedConfig } from '../config/loaded-config.js';
import { sayingOddities } from '../events/odd-replies.js';
import { type Invocation, withEngine } from '../invocation.js';
import { durationInWords, isoTime } from '../terminal/life-in-words.js';
import { showNote } from '../terminal/note.js';
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
  const found = await withEngine(invocation, (engine, config) =>
    waitForToken({ engine, config, terminal }, account, minValidityMs),
  );
  terminal.show(tokenFacts(found), () => (header ? headerLines(found).join('\n') : found.reveal()));
}

export interface TokenPlace {
  readonly engine: TokenEngine;
  readonly config: LoadedConfig;
  readonly terminal: Terminal;
}

/** Says so where the provider does not let anybody ask for more life. */
export async function waitForToken(
  { engine, config, terminal }: TokenPlace,
  account: string,
  minValidityMs: number | undefined,
): Promise<AccessToken> {
  const options = minValidityMs === undefined ? {} : { minValidityMs };
  const words = `Waiting for a token of ${plainText(account)}`;
  const ask = () => withProgress(terminal, words, engine.getToken(account, options));
  // Scripts that ask every hour are told of the first token, and not of each.
  const isFirst = ({ generation }: AccessToken) => generation === 1;
  const found = await sayingOddities({ engine, terminal }, ask, isFirst);
  const summary = accountCalled(found.account, engine);
  const provider = summary && providerOf(summary, config);
  if (minValidityMs !== undefined && provider?.profile.renewal === 'on-demand') {
    const life = durationInWords(found.expiresAt - terminal.now());
    const rule = `${plainText(provider.id)} renews a token when it has ended, not before`;
    showNote(`--min-validity changes nothing here: ${rule}. This one lives ${life}.`, terminal);
  }
  return found;
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
