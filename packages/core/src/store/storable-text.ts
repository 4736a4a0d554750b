import { TokenError } from '../errors/token-error.js';

// Drivers cut text at NUL and replace half surrogate pairs: two ids could become one.
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/**
 * For stores whose database keeps text as UTF-8.
 *
 * @throws TokenError `CONFIGURATION_INVALID` for text that would not come back as it was given
 */
export function checkStorableText(...texts: readonly (string | undefined)[]): void {
  if (!texts.some((text) => text !== undefined && UNSTORABLE.test(text))) return;
  throw new TokenError(
    'CONFIGURATION_INVALID',
    'A text with a NUL or half a surrogate pair cannot be stored. Give the account another name.',
    { reason: 'unstorable_text' },
  );
}
