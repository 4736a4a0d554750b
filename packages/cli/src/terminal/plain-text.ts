import { stripVTControlCharacters } from 'node:util';
import { printable } from '@tokenkeep/core';

/**
 * Text from outside (a server, a file, an argument) as it may stand on a terminal: without escape
 * sequences, other control and bidirectional characters escaped, cut at `longest` characters.
 */
export function plainText(text: string, longest = 200): string {
  return printable(stripVTControlCharacters(text), longest);
}
