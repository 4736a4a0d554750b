import { TokenError } from '../errors/token-error.js';
import { Secret } from './secret.js';

/** Shorter secrets would blank ordinary words. */
const SHORTEST = 4;

/** Text with each secret, in the clear or encoded, replaced by its mask. */
export function scrub(text: string, secrets: readonly Secret[]): string {
  return secrets
    .flatMap(spellings)
    .filter((spelling) => spelling.length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
    .reduce((clean, spelling) => clean.replaceAll(spelling, Secret.mask), text);
}

/** The same error with what the server said cleaned of the secrets we sent it. */
export function scrubError(error: TokenError, secrets: readonly Secret[]): TokenError {
  const facts = Object.entries(error.details()).map(([name, value]) => [
    name,
    typeof value === 'string' ? scrub(value, secrets) : value,
  ]);
  const clean = new TokenError(
    error.code,
    scrub(error.message, secrets),
    Object.fromEntries(facts),
  );
  return clean;
}

function spellings(secret: Secret): string[] {
  const text = secret.reveal();
  const bytes = Buffer.from(text);
  return [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}
