import { Secret } from '@tokenkeep/core';
import { custom, object, enum as oneOf, string } from 'zod';
import { isSigningKey } from './signing-key.js';

export const text = string().min(1, 'must not be empty');

export const secret = custom<string | Secret>(
  (value) => typeof value === 'string' || Secret.is(value),
  'must be a string or a Secret',
)
  .transform((value) => Secret.of(value))
  .refine((value) => value.length > 0, 'must not be empty');

export const signingKey = secret.refine(
  isSigningKey,
  'must be a private key: PEM, or a JWK as JSON (EC, Ed25519 or RSA)',
);

/** How a client says who it is: the same members in the options and in credentials. */
export const clientMembers = object({
  clientId: text,
  clientSecret: secret,
  privateKey: signingKey,
  keyId: text,
  clientAuthentication: oneOf([
    'none',
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
  ]),
}).partial().shape;

/** What is missing for the way it authenticates, in words; `undefined` where nothing is. */
export function clientProblem(given: GivenClient): string | undefined {
  const { clientId, clientSecret, privateKey, clientAuthentication: way } = given;
  const bare = clientSecret === undefined && privateKey === undefined && way === undefined;
  if (clientId === undefined) return bare ? undefined : 'clientId is missing';
  if (way === 'none' && !(clientSecret === undefined && privateKey === undefined)) {
    return 'a client that does not authenticate (none) has no clientSecret and no privateKey';
  }
  if (way === 'private_key_jwt' && privateKey === undefined) return 'privateKey is missing';
  if (way?.startsWith('client_secret') && clientSecret === undefined) {
    return 'clientSecret is missing';
  }
  return undefined;
}

type GivenClient = {
  readonly [Member in keyof ClientDescription]?: ClientDescription[Member] | undefined;
};

export interface ClientDescription {
  /** RFC 6749 section 2.2. */
  readonly clientId: string;
  readonly clientSecret?: Secret | undefined;
  /** PEM or JWK, for `private_key_jwt`. */
  readonly privateKey?: Secret | undefined;
  /** `kid` in the header of what `privateKey` signs. */
  readonly keyId?: string | undefined;
  /** Default: by what there is, a key first, then a secret with Basic. */
  readonly clientAuthentication?: ClientAuthenticationMethod | undefined;
}

/** OAuth Token Endpoint Authentication Methods (IANA). */
export type ClientAuthenticationMethod =
  | 'none'
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt';
