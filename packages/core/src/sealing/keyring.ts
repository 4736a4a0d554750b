import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  timingSafeEqual,
} from 'node:crypto';
import { types } from 'node:util';
import type { Random } from '../clock/random.js';
import { TokenError } from '../errors/token-error.js';
import type { SealedPlace, Sealer } from './sealer.js';

/** One AES-256 key. Its id stands in every value sealed with it. */
export interface SealingKey {
  /** 1 to 32 of `A-Z a-z 0-9 _ -`. */
  readonly id: string;
  /** 32 random bytes. */
  readonly bytes: Uint8Array;
}

/** The first key seals; all of them open. */
export type Keyring = readonly [SealingKey, ...SealingKey[]];

const FORMAT = 'tk1';
const ID = /^[A-Za-z0-9_-]{1,32}$/;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM (NIST SP 800-38D): random 96-bit nonce, 128-bit tag. A sealed value reads
 * `tk1.<key id>.<base64url of nonce, tag, ciphertext>`; its place is the additional data.
 */
export function keyringSealer(keyring: Keyring, storeName: string, random: Random): Sealer {
  const keys = new Map(keyring.map((key) => [checked(key).id, subkeys(key)]));
  const [primary] = keyring;
  if (primary === undefined) throw unusableKeyring('is empty: nothing could be sealed with it');
  if (keys.size < keyring.length) throw unusableKeyring('has two keys of one id. Rename one');
  return {
    seal(text, place) {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', keyOf(primary.id).sealing, nonce);
      cipher.setAAD(additionalData(storeName, place));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      const bytes = Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
      return `${FORMAT}.${primary.id}.${bytes.toString('base64url')}`;
    },
    open(sealed, place) {
      const [format, id, encoded, ...more] = sealed.split('.');
      const bytes = Buffer.from(encoded ?? '', 'base64url');
      const canonical = bytes.toString('base64url') === encoded;
      const whole = canonical && bytes.length >= NONCE_BYTES + TAG_BYTES && more.length === 0;
      if (format !== FORMAT || id === undefined || !whole) throw unreadable(place);
      const key = keyOf(id, place);
      try {
        const nonce = bytes.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', key.sealing, nonce, {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(additionalData(storeName, place));
        decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch {
        throw unreadable(place);
      }
    },
    fingerprint: (text) => `${primary.id}.${mac(keyOf(primary.id).hashing, text)}`,
    matches(text, fingerprint) {
      const [id, expected] = fingerprint.split('.');
      const key = keys.get(id ?? '');
      if (key === undefined || expected === undefined) return false;
      const actual = Buffer.from(mac(key.hashing, text));
      return actual.length === expected.length && timingSafeEqual(actual, Buffer.from(expected));
    },
  };

  function keyOf(id: string, place?: SealedPlace) {
    const key = keys.get(id);
    if (key !== undefined) return key;
    const known = [...keys.keys()].join(', ');
    throw new TokenError(
      'KEY_UNKNOWN',
      `A stored value was sealed with key "${id}", which is not in the keyring (it has: ${known}). ` +
        'Add that key to the keyring. Nothing was sent for this account.',
      { reason: 'key_unknown', ...(place === undefined ? {} : { account: place.account }) },
    );
  }
}

/** Ids of the keys that something in a text, such as a row's body, is sealed with. */
export function sealingKeyIds(text: string): readonly string[] {
  const ids = [...text.matchAll(/\btk1\.([A-Za-z0-9_-]{1,32})\./g)].map(([, id = '']) => id);
  return [...new Set(ids)];
}

function subkeys(key: SealingKey) {
  return { sealing: derived(key, 'seal'), hashing: derived(key, 'fingerprint') };
}

/** One key per purpose (RFC 5869): what is hashed tells nothing about what is sealed. */
function derived(key: SealingKey, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key.bytes, '', `tokenkeep ${purpose}`, KEY_BYTES));
}

function mac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Length-prefixed, so that no two places spell the same bytes. */
function additionalData(storeName: string, place: SealedPlace): Buffer {
  const { account, field, incarnation, generation } = place;
  const parts = [FORMAT, storeName, account, field, incarnation, String(generation)];
  return Buffer.from(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''));
}

function checked(key: SealingKey): SealingKey {
  const problem = keyProblem(key);
  if (problem === undefined) return key;
  const { id } = key ?? {};
  // An id that is none may be the key itself, in the wrong place.
  const name = typeof id === 'string' && ID.test(id) ? ` "${id}"` : '';
  throw unusableKeyring(`has a key${name} that ${problem}`);
}

function unusableKeyring(problem: string): TokenError {
  return new TokenError(
    'CONFIGURATION_INVALID',
    `The keyring ${problem}. A key is { id, bytes }; make the bytes with: openssl rand 32`,
    { reason: 'sealing_key' },
  );
}

function keyProblem(key: SealingKey): string | undefined {
  const { id, bytes } = key ?? {};
  if (typeof id !== 'string' || !ID.test(id)) return 'has no id of 1 to 32 of A-Za-z0-9_-';
  if (!types.isUint8Array(bytes)) return 'has no bytes in a Uint8Array';
  if (bytes.length !== KEY_BYTES) return `has ${bytes.length} bytes, not ${KEY_BYTES}`;
  if (new Set(bytes).size < 8) return 'is not random: it repeats a few bytes';
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) {
    return 'is printable text, not random bytes: a passphrase is not a key';
  }
  return undefined;
}

function unreadable({ account, field }: SealedPlace): TokenError {
  return new TokenError(
    'RECORD_UNREADABLE',
    `The stored ${field} of ${account} does not open: it was damaged, moved or forged. ` +
      'Nothing was sent. Restore the record, or log this account in again.',
    { reason: 'does_not_open', account },
  );
}
