import { fileURLToPath } from 'node:url';
import { printable, type Secret, scrub, TokenError } from '@tokenkeep/core';

const LONGEST = 400;
/** A dependency of another version, as Node says it. */
const NO_EXPORT = /^The requested module '[^']+' does not provide an export named '[\w$]+'$/;
/** Where the code of this package is. */
const ours = fileURLToPath(new URL('..', import.meta.url));

/**
 * What the code of a plug-in threw. A `TokenError`, and what Node says of modules, in their words,
 * cleaned. Of any other error only the name and the place are told: its text may quote what it
 * failed on.
 */
export function wordsOfThrown(thrown: unknown, secrets: readonly Secret[]): string {
  try {
    return printable(scrub(words(thrown), secrets), LONGEST);
  } catch {
    return 'It threw something that cannot be looked at. That is a bug in it.';
  }
}

function words(thrown: unknown): string {
  const { message, code, stack } = (thrown ?? {}) as Record<string, unknown>;
  const ofNode = typeof code === 'string' && code.startsWith('ERR_');
  if (typeof message === 'string' && (TokenError.is(thrown) || ofNode || NO_EXPORT.test(message))) {
    return message;
  }
  const place = typeof stack === 'string' ? placeIn(stack, String(message)) : undefined;
  const where = place === undefined ? '' : ` in ${place}`;
  return `It threw ${kindInWords(thrown)}${where}. That is a bug in it.`;
}

/** The first frame that is neither ours nor Node's: of ES modules a URL, of CommonJS a path. */
function placeIn(stack: string, message: string): string | undefined {
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  return frames
    .flatMap(
      (line) => /^ +at (?:.*\()?((?:file:\/\/)?(?:\/|[A-Z]:\\).*?:\d+)/.exec(line)?.[1] ?? [],
    )
    .find((place) => !pathOf(place).startsWith(ours));
}

function pathOf(place: string): string {
  return URL.canParse(place) && place.startsWith('file:') ? fileURLToPath(place) : place;
}

/** `a string`, `undefined`, or the class: a name of its own making might be anything. */
export function kindInWords(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (value instanceof Promise) return 'a promise';
  const name: unknown = value.constructor?.name;
  const isName = typeof name === 'string' && /^[A-Za-z][A-Za-z0-9]{0,40}$/.test(name);
  const shown = isName ? name : 'object';
  return `${/^[AEIOUaeiou]/.test(shown) ? 'an' : 'a'} ${shown}`;
}
