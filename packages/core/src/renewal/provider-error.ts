import { TokenError } from '../errors/token-error.js';
import { scrubError } from '../token/scrub.js';
import type { Secret } from '../token/secret.js';

/**
 * What a plug-in threw, as it may be shown. Of an error that is not ours only the name is told: its
 * text, its members and its causes may hold anything.
 */
export function providerError(
  provider: string,
  thrown: unknown,
  secrets: readonly Secret[] = [],
): TokenError {
  return scrubError(TokenError.is(thrown) ? thrown : broken(provider, thrown), secrets);
}

function broken(provider: string, thrown: unknown): TokenError {
  return new TokenError(
    'PROVIDER_PROTOCOL',
    `Provider "${provider}" threw a ${kindOf(thrown)} instead of a TokenError. That is a bug in it.`,
    { reason: 'provider_threw' },
  );
}

/** The class of what was thrown: a name of its own making might be anything. */
export function kindOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown;
  const { name } = thrown.constructor ?? Object;
  return /^[A-Za-z][A-Za-z0-9]{0,40}$/.test(name) ? name : 'object';
}
