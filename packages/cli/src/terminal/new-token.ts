import type { AccessToken } from '@tokenkeep/core';
import { durationInWords, isoTime, momentInWords } from './life-in-words.js';
import type { Terminal } from './terminal.js';

/** What may be told of a token that has arrived: everything but the token. */
export function newTokenFacts({ account, generation, expiresAt }: AccessToken) {
  return { account, generation, expiresAt: isoTime(expiresAt) };
}

export function newTokenText(
  what: string,
  { generation, expiresAt }: AccessToken,
  { colours: paint, now }: Terminal,
): string {
  const life = `for ${durationInWords(expiresAt - now())}, until ${momentInWords(expiresAt, now())}`;
  return `${paint.green('✔')} ${what}: token ${generation} lives ${life}.`;
}
