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
  const [frame = 'an unknown place'] = framesOf(thrown);
  const error = new TokenError(
    'PROVIDER_PROTOCOL',
    `Provider "${provider}" threw ${withArticle(kindOf(thrown))} instead of a TokenError, in ` +
      `${frame.replace(/^ *at /, '')}. That is a bug in it.`,
    { reason: 'provider_threw' },
  );
  error.stack = [`TokenError: ${error.message}`, ...framesOf(thrown)].join('\n');
  return error;
}

/** Where something was thrown, without its words: they may quote what was worked on. */
export function framesOf(thrown: unknown): readonly string[] {
  const { stack } = (thrown ?? {}) as { stack?: unknown };
  return typeof stack === 'string' ? (stack.match(/^ {4}at .*$/gm) ?? []) : [];
}

function withArticle(noun: string): string {
  return `${/^[AEIOUaeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

/** The class of what was thrown: a name of its own making might be anything. */
export function kindOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown;
  const { name } = thrown.constructor ?? Object;
  return /^[A-Za-z][A-Za-z0-9]{0,40}$/.test(name) ? name : 'object';
}
