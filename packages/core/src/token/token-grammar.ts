import { TokenError } from '../errors/token-error.js';
import { Secret } from './secret.js';

/** Longest token accepted, in characters. Large JWTs exist; megabyte ones do not. */
export const LONGEST_TOKEN = 16_384;

// Printable ASCII without space (RFC 6749 appendix A.12 and A.17, minus the space that could
// split a header). Wider than RFC 6750 b64token, because bcrypt-like tokens carry `$`.
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * A token as it came out of a JSON reply, judged before it is kept: it will be put in a header.
 * The error names the field and the length, never the value. A `Secret` is judged by what is in it:
 * a plug-in that made one too early has not lost the account.
 */
export function parseToken(field: string, given: unknown): Secret {
  const value = Secret.is(given) ? given.reveal() : given;
  if (typeof value !== 'string') {
    const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
    throw unusable(field, value === undefined ? 'is missing' : `is ${found}, not a string`);
  }
  if (value.length === 0) throw unusable(field, 'is empty');
  if (value.length > LONGEST_TOKEN) {
    throw unusable(field, `has ${value.length} characters, more than ${LONGEST_TOKEN}`);
  }
  if (!TOKEN.test(value)) {
    throw unusable(field, `has ${value.length} characters, some outside printable ASCII`);
  }
  if (value.includes(Secret.mask)) throw unusable(field, 'contains the mask of a printed secret');
  return new Secret(value);
}

function unusable(field: string, problem: string): TokenError {
  return new TokenError('PROVIDER_PROTOCOL', `The reply's ${field} ${problem}.`, {
    retryable: true,
    reason: 'token_format',
  });
}
