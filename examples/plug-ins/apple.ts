import { createPrivateKey } from 'node:crypto';
import { Secret, type TokenProvider } from '@tokenkeep/core';
import { httpProvider } from '@tokenkeep/provider-http';
import { SignJWT } from 'jose';
import { z } from 'zod';

const secret = z
  .custom<string | Secret>((value) => typeof value === 'string' || Secret.is(value), 'give a text')
  .transform((value) => Secret.of(value));
const privateKey = secret.refine(
  isP256Key,
  'give the text of the .p8 file that Apple made: a P-256 private key',
);

const credentials = z.strictObject({
  teamId: z.string().min(1),
  clientId: z.string().min(1),
  keyId: z.string().min(1),
  /** The .p8 file that Apple made. */
  privateKey,
  /** The authorization code of a login, for the first pair. */
  code: secret.optional(),
  /** The one of that login, where it had one. */
  redirectUri: z.string().min(1).optional(),
});

export type AppleCredentials = z.output<typeof credentials>;

export interface AppleOptions {
  /** Default `https://appleid.apple.com`. */
  readonly baseUrl?: string;
  /** Milliseconds since 1970. Default: the wall clock. */
  readonly now?: () => number;
}

const AUDIENCE = 'https://appleid.apple.com';

/**
 * Sign in with Apple: OAuth whose client secret is a signed JWT (ES256), made anew for each request.
 *
 * Source: https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
 */
export function apple(options: AppleOptions = {}): TokenProvider<AppleCredentials> {
  const { baseUrl = AUDIENCE, now = Date.now } = options;
  const client = {
    client_id: '{credentials.clientId}',
    client_secret: '{credentials.clientSecret}',
  };
  const declared = httpProvider({
    id: 'apple',
    baseUrl,
    credentials: {
      clientId: { secret: false },
      clientSecret: {},
      code: { optional: true },
      redirectUri: { secret: false, optional: true },
    },
    obtain: {
      needs: ['code'],
      url: '/auth/token',
      form: {
        grant_type: 'authorization_code',
        code: '{credentials.code}',
        redirect_uri: '{credentials.redirectUri}',
        ...client,
      },
    },
    refresh: {
      url: '/auth/token',
      form: { grant_type: 'refresh_token', refresh_token: '{refreshToken}', ...client },
    },
    revoke: {
      url: '/auth/revoke',
      form: { token: '{refreshToken}', token_type_hint: 'refresh_token', ...client },
    },
    profile: { refreshToken: 'reusable', refreshRevokesAccessToken: false, passwordLogin: false },
  });
  const withSecret = async ({ code, redirectUri, clientId, ...key }: AppleCredentials) => ({
    clientId,
    code,
    redirectUri,
    clientSecret: new Secret(await signed({ clientId, ...key }, now())),
  });
  return {
    ...declared,
    credentials,
    obtain: async (given, call) => declared.obtain(await withSecret(given), call),
    async refresh(refreshToken, call, given) {
      const ready = given && (await withSecret(given));
      if (declared.refresh === undefined) throw new TypeError('refresh is declared above');
      return declared.refresh(refreshToken, call, ready);
    },
    async revoke(tokens, call, given) {
      if (given === undefined && call.credentialsError) throw call.credentialsError;
      await declared.revoke?.(tokens, call, given && (await withSecret(given)));
    },
  };
}

function isP256Key(pem: Secret): boolean {
  try {
    return createPrivateKey(pem.reveal()).asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

/** Apple allows six months; a request needs minutes. */
async function signed(
  { teamId, clientId, keyId, privateKey }: Omit<AppleCredentials, 'code' | 'redirectUri'>,
  nowMs: number,
): Promise<string> {
  const seconds = Math.floor(nowMs / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'ES256', kid: keyId })
    .setIssuer(teamId)
    .setSubject(clientId)
    .setAudience(AUDIENCE)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 5 * 60)
    .sign(createPrivateKey(privateKey.reveal()));
}
