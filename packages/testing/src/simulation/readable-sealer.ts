import { createHash } from 'node:crypto';
import { type SealedPlace, type Sealer, TokenError } from '@tokenkeep/core';

/**
 * Seals nothing: what is stored can be read, so that an oracle sees which tokens a record holds.
 * It binds a value to its place as strictly as the real one. For simulations only.
 */
export const readableSealer: Sealer = {
  seal: (text, place) => JSON.stringify([placeOf(place), text]),
  open: (sealed, place) => {
    const [bound, text] = JSON.parse(sealed) as [string, string];
    if (bound === placeOf(place)) return text;
    throw new TokenError('RECORD_UNREADABLE', 'A sealed value was moved to another place.');
  },
  fingerprint,
  matches: (text, print) => fingerprint(text) === print,
};

/** What `readableSealer` sealed, wherever it belongs. */
export function readSealed(sealed: string): string {
  const [, text] = JSON.parse(sealed) as [string, string];
  return text;
}

function placeOf({ account, field, incarnation, generation }: SealedPlace): string {
  return [account, field, incarnation, generation].join('|');
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
