import { createPrivateKey, type JsonWebKey, subtle } from 'node:crypto';
import { type Secret, TokenError } from '@tokenkeep/core';
import type { CryptoKey, JWK } from 'oauth4webapi';
import { stated } from '../protocol/stated.js';

/** JWS algorithms (RFC 7518, RFC 8037) by what the key is, and how Web Crypto calls them. */
const algorithms = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  Ed25519: { name: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
} as const;

type Algorithm = keyof typeof algorithms;
type Jwk = JWK & JsonWebKey;

const byCurve: Readonly<Record<string, Algorithm>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'Ed25519',
};

export interface SigningKeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** Whether it is a private key that can sign: PEM, or a JWK as JSON. */
export function isSigningKey(text: Secret): boolean {
  return readKey(text) !== undefined;
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

interface ReadKey {
  readonly jwk: Jwk;
  readonly algorithm: Algorithm;
}

function readKey(text: Secret): ReadKey | undefined {
  try {
    const given = text.reveal().trim();
    const stated = given.startsWith('{') ? (JSON.parse(given) as Jwk) : undefined;
    const key = createPrivateKey(stated === undefined ? given : { key: stated, format: 'jwk' });
    const jwk = key.export({ format: 'jwk' }) as Jwk;
    const algorithm = algorithmOf(jwk, stated?.alg);
    return algorithm === undefined ? undefined : { jwk, algorithm };
  } catch {
    return undefined;
  }
}

function algorithmOf({ kty, crv }: Jwk, stated: string | undefined): Algorithm | undefined {
  if (kty === 'RSA') return stated === 'PS256' ? 'PS256' : 'RS256';
  return byCurve[crv ?? ''];
}
