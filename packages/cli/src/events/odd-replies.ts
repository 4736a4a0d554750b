import type { TokenEngine, TokenEvents } from '@tokenkeep/core';
import { showNote } from '../terminal/note.js';
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
 * Collects what is odd in the replies from here on.
 *
 * @returns says it on stderr: a wrong unit is found by who tries a provider, not days later in a log
 */
export function odditiesOf(engine: TokenEngine): (terminal: Terminal) => void {
  const kinds = new Set<Kind>();
  engine.on('anomaly:detected', ({ kind }) => void kinds.add(kind));
  return (terminal) => {
    for (const kind of kinds) showNote(words[kind], terminal);
  };
}
