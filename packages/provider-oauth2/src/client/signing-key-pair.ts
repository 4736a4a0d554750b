import { type JsonWebKey, subtle } from 'node:crypto';
import { type Secret, TokenError } from '@tokenkeep/core';
import type { CryptoKey } from 'oauth4webapi';
import { stated } from '../protocol/stated.js';
import { type Algorithm, readKey } from './signing-key.js';

/** What Web Crypto calls them. */
const algorithms = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  Ed25519: { name: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
} as const satisfies Record<Algorithm, object>;

export interface SigningKeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** @throws TokenError `CONFIGURATION_INVALID`, which shows nothing of the key */
export async function signingKeyPair(text: Secret): Promise<SigningKeyPair> {
  const key = readKey(text);
  if (key === undefined) {
    throw new TokenError(
      'CONFIGURATION_INVALID',
      'A private key is not PEM or a JWK that can sign.',
    );
  }
  const { kty, crv, x, y, n, e } = key.jwk;
  const open = stated({ kty, crv, x, y, n, e }) as JsonWebKey;
  const algorithm = algorithms[key.algorithm];
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey('jwk', key.jwk, algorithm, false, ['sign']),
    subtle.importKey('jwk', open, algorithm, true, ['verify']),
  ]);
  return { privateKey, publicKey };
}
