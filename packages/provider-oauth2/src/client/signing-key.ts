import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import type { Secret } from '@tokenkeep/core';
import type { JWK } from 'oauth4webapi';

/** JWS algorithms (RFC 7518, RFC 8037). */
export type Algorithm = 'ES256' | 'ES384' | 'ES512' | 'Ed25519' | 'RS256' | 'PS256';
type Jwk = JWK & JsonWebKey;

const byCurve: Readonly<Record<string, Algorithm>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'Ed25519',
};

/** Whether it is a private key that can sign: PEM, or a JWK as JSON. */
export function isSigningKey(text: Secret): boolean {
  return readKey(text) !== undefined;
}

export interface ReadKey {
  readonly jwk: Jwk;
  readonly algorithm: Algorithm;
}

export function readKey(text: Secret): ReadKey | undefined {
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
