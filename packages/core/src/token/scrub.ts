import { printable } from '../errors/printable.js';
import { TokenError } from '../errors/token-error.js';
import { Secret } from './secret.js';

/** Shorter secrets would blank ordinary words. */
const SHORTEST = 4;
/** So many characters of a secret in a row are a leak, wherever in it they stand. */
const FRAGMENT = 12;
const CUT = '...';

/** Text with each secret, in the clear or encoded, whole or in part, replaced by its mask. */
export function scrub(text: string, secrets: readonly Secret[]): string {
  const spelled = [...new Set(secrets.flatMap(spellings))]
    .filter((spelling) => spelling.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return spelled.reduce(maskCutOff, maskParts(text, spelled));
}

/** The same error with what the server said cleaned of the secrets we sent it. */
export function scrubError(error: TokenError, secrets: readonly Secret[]): TokenError {
  const { cause, ...details } = error.details();
  const facts = Object.entries(details).map(([name, value]) => [
    name,
    typeof value === 'string' ? scrub(value, secrets) : value,
  ]);
  return new TokenError(error.code, scrub(error.message, secrets), {
    ...Object.fromEntries(facts),
    // A cause that is not ours may hold anything, at any depth.
    ...(TokenError.is(cause) ? { cause: scrubError(cause, secrets) } : {}),
  });
}

/** Masks every run of the text that stands in one of the spellings. */
function maskParts(text: string, spelled: readonly string[]): string {
  const secret = new Uint8Array(text.length);
  for (const spelling of spelled) {
    const length = Math.min(spelling.length, FRAGMENT);
    for (let at = 0; at + length <= text.length; at += 1) {
      if (spelling.includes(text.slice(at, at + length))) secret.fill(1, at, at + length);
    }
  }
  return [...runsOf(secret)]
    .map(([from, to, hidden]) => (hidden ? Secret.mask : text.slice(from, to)))
    .join('');
}

function* runsOf(flags: Uint8Array): Iterable<readonly [from: number, to: number, set: boolean]> {
  for (let from = 0; from < flags.length; ) {
    const other = flags.indexOf(flags[from] === 1 ? 0 : 1, from);
    const to = other < 0 ? flags.length : other;
    yield [from, to, flags[from] === 1];
    from = to;
  }
}

/** Where a text was cut, the beginning of a secret may be left at its end. */
function maskCutOff(text: string, spelling: string): string {
  if (!text.endsWith(CUT)) return text;
  const kept = text.slice(0, -CUT.length);
  for (let length = Math.min(spelling.length, FRAGMENT); length >= SHORTEST; length -= 1) {
    if (!kept.endsWith(spelling.slice(0, length))) continue;
    return kept.slice(0, -length) + Secret.mask + CUT;
  }
  return text;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as JSON, forms, URLs, pages, headers and our own errors write it. */
function spellings(secret: Secret): string[] {
  const text = secret.reveal();
  const bytes = Buffer.from(text);
  const json = JSON.stringify(text).slice(1, -1);
  const percent = encodeURIComponent(bytes.toString());
  const form = new URLSearchParams([['', text]]).toString().slice(1);
  const hex = bytes.toString('hex');
  const written = [
    text,
    json,
    percent,
    form,
    text.replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? mark),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ];
  return [
    ...written.map((spelling) => printable(spelling, Number.POSITIVE_INFINITY)),
    percent.replace(/%../g, (triplet) => triplet.toLowerCase()),
    form.replace(/%../g, (triplet) => triplet.toLowerCase()),
    hex,
    hex.toUpperCase(),
  ];
}
