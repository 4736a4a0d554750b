import type { AccessToken, TokenEngine, TokenEvents } from '@tokenkeep/core';
import { showNote } from '../terminal/note.js';
import { plainText } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';

type Kind = TokenEvents['anomaly:detected']['kind'];

/** For who asked for a token by hand; fleets count them (`anomaly:detected` in events.md). */
const words: Readonly<Record<Kind, string>> = {
  lifetime_clamped:
    'The server states a longer life than the provider allows, whose longest was taken. Does the ' +
    'provider take milliseconds for seconds?',
  lifetime_missing:
    "The server states no life that can be read, so the provider's default was taken. Does the " +
    'provider look in the right place?',
  expired_on_arrival:
    'By what the server states, the token had ended when it came. Is the unit right, and the clock?',
  unchanged_token: 'The server gave the same access token again.',
  scope_reduced: 'The server granted less scope than the account asks for.',
  refresh_token_only: 'The access token in the reply cannot be used; its refresh token was kept.',
  rotation_unsupported:
    'This account has a time to rotate its token, and the token is the one of another account.',
};

/**
 * Asks for a token, and says on stderr what is odd in the replies that this takes: a wrong unit is
 * found by who tries a provider, not days later in a log.
 *
 * @param isWorthIt whether it is said beside this token; where there is none, it always is
 */
export async function sayingOddities(
  { engine, terminal }: { readonly engine: TokenEngine; readonly terminal: Terminal },
  ask: () => Promise<AccessToken>,
  isWorthIt: (token: AccessToken) => boolean = () => true,
): Promise<AccessToken> {
  const notes = new Set<string>();
  // Named, as it may be the token that another account logs in with.
  engine.on('anomaly:detected', ({ account, kind }) => {
    notes.add(`${plainText(account)}: ${words[kind]}`);
  });
  let token: AccessToken | undefined;
  try {
    token = await ask();
    return token;
  } finally {
    if (token === undefined || isWorthIt(token)) {
      for (const note of notes) showNote(note, terminal);
    }
  }
}
