import { randomBytes } from 'node:crypto';

/** A secret made to be searched for afterwards: `cnry_<24 random characters>_<kind>`. */
export interface Canary {
  /** What the secret stands for, for example `refresh` or `password`. Letters and digits. */
  readonly kind: string;
  readonly secret: string;
  /** The random part: any 12 characters of it in a row count as a leak. */
  readonly random: string;
}

export type CanaryEncoding =
  | 'raw'
  | 'base64'
  | 'base64url'
  | 'hex'
  | 'percent'
  | 'json'
  | 'fragment';

/** Where a canary was found. Holds nothing of the secret. */
export interface CanaryHit {
  readonly kind: string;
  readonly encoding: CanaryEncoding;
  /** Byte offset in the text that was scanned. */
  readonly offset: number;
}

const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const fragmentLength = 12;

/** Makes a canary. `bytes` is the source of randomness; the default is the system's. */
export function canary(kind: string, bytes: (length: number) => Uint8Array = randomBytes): Canary {
  const random = Array.from(bytes(24), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
  return Object.freeze({ kind, random, secret: `cnry_${random}_${kind}` });
}

/**
 * Searches `content` for every canary: raw, base64 and base64url (at any alignment, so also inside
 * a longer encoded text), hexadecimal in both cases, percent-encoded (as `encodeURIComponent` does
 * and byte by byte), JSON-escaped, and by any 12 characters of its random part.
 *
 * @returns the first hit of each canary in each encoding; empty when nothing leaked.
 */
export function scanForCanaries(
  content: string | Uint8Array,
  canaries: Iterable<Canary>,
): CanaryHit[] {
  // One character for each byte: so text and binary artefacts are searched alike.
  const text = Buffer.from(content as Uint8Array).toString('latin1');
  const hits: CanaryHit[] = [];
  for (const { kind, secret, random } of canaries) {
    for (const [encoding, needles] of encodingsOf(secret, random)) {
      const offset = firstOffset(text, needles);
      if (offset !== undefined) hits.push({ kind, encoding, offset });
    }
  }
  return hits;
}

function encodingsOf(secret: string, random: string): [CanaryEncoding, string[]][] {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    ['raw', [bytes.toString('latin1')]],
    ['base64', base64Forms(bytes, 'base64')],
    ['base64url', base64Forms(bytes, 'base64url')],
    ['hex', [bytes.toString('hex'), bytes.toString('hex').toUpperCase()]],
    ['percent', percentForms(secret, bytes)],
    ['json', [json, json.replaceAll('/', '\\/'), unicodeEscaped(secret)].map(inBytes)],
    ['fragment', fragments(random)],
  ];
}

function base64Forms(bytes: Buffer, encoding: 'base64' | 'base64url'): string[] {
  // Before the secret may stand 0, 1 or 2 bytes of the same group of three; the characters that
  // mix the secret with its neighbours are cut off.
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString(encoding);
    const firstWhole = Math.ceil((shift * 8) / 6);
    const lastWhole = Math.floor(((shift + bytes.length) * 8) / 6);
    return encoded.slice(firstWhole, lastWhole);
  });
}

function percentForms(secret: string, bytes: Buffer): string[] {
  const component = encodeURIComponent(secret);
  const everyByte = bytes.toString('hex').replaceAll(/../g, '%$&');
  const lowerCase = component.replaceAll(/%../g, (triplet) => triplet.toLowerCase());
  return [component, lowerCase, everyByte, everyByte.toUpperCase()];
}

function unicodeEscaped(secret: string): string {
  return Array.from({ length: secret.length }, (_, index) => {
    return `\\u${secret.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }).join('');
}

function fragments(random: string): string[] {
  const count = Math.max(0, random.length - fragmentLength + 1);
  return Array.from({ length: count }, (_, start) => random.slice(start, start + fragmentLength));
}

function inBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function firstOffset(text: string, needles: readonly string[]): number | undefined {
  const offsets = needles
    .filter((needle) => needle.length > 0)
    .map((needle) => text.indexOf(needle))
    .filter((offset) => offset >= 0);
  return offsets.length === 0 ? undefined : Math.min(...offsets);
}
