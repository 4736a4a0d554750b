import { createPrivateKey } from 'node:crypto';
import { Secret, type TokenProvider } from '@tokenkeep/core';
import { httpProvider } from '@tokenkeep/provider-http';
import { SignJWT } from 'jose';
import { z } from 'zod';

const privateKey = z
  .custom<string | Secret>((value) => typeof value === 'string' || Secret.is(value), 'give a text')
  .transform((value) => Secret.of(value))
  .refine(isRsaKey, 'give the text of the PEM file that GitHub made: an RSA private key');

const credentials = z.strictObject({
  appId: z.string().min(1),
  installationId: z.string().regex(/^\d+$/, 'use digits'),
  /** The PEM file that GitHub made. */
  privateKey,
});

export type GitHubAppCredentials = z.output<typeof credentials>;

export interface GitHubAppOptions {
  /** Default `https://api.github.com`. */
  readonly baseUrl?: string;
  /** Milliseconds since 1970. Default: the wall clock. */
  readonly now?: () => number;
}

/**
 * Tokens of a GitHub App's installation: minted by a signed JWT, good for an hour, without anything to
 * refresh. The request is data; the signature is what no data can do.
 *
 * Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 */
export function gitHubApp(options: GitHubAppOptions = {}): TokenProvider<GitHubAppCredentials> {
  const { baseUrl = 'https://api.github.com', now = Date.now } = options;
  const declared = httpProvider({
    id: 'github-app',
    baseUrl,
    credentials: { installationId: { secret: false }, jwt: {} },
    obtain: {
      url: '/app/installations/{credentials.installationId}/access_tokens',
      headers: {
        Accept: 'application/vnd.github+json',
        Authorization: 'Bearer {credentials.jwt}',
        'User-Agent': 'tokenkeep',
      },
    },
    reply: { accessToken: 'token', lifetime: { at: 'expires_at', as: 'datetime' } },
    words: { code: 'message', description: 'message' },
    refusals: [
      {
        at: 'message',
        is: ['A JSON web token could not be decoded'],
        kind: 'credentials_rejected',
      },
      // A clock that is off, here or there, makes no key wrong.
      { at: 'message', contains: ["claim ('exp')", "claim ('iat')"], kind: 'unavailable' },
      { at: 'message', contains: ['rate limit', 'Rate Limit'], kind: 'throttled' },
    ],
    rejected: [{ status: [401], at: 'message', is: ['Bad credentials'] }],
    profile: { passwordLogin: false },
  });
  return {
    ...declared,
    credentials,
    async obtain({ appId, installationId, privateKey }, call) {
      const jwt = new Secret(await signed(appId, privateKey, now()));
      return declared.obtain({ installationId, jwt }, call);
    },
  };
}

function isRsaKey(pem: Secret): boolean {
  try {
    return createPrivateKey(pem.reveal()).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

/** At most ten minutes, from 60 s ago: GitHub's clock may be behind. */
async function signed(appId: string, privateKey: Secret, nowMs: number): Promise<string> {
  const seconds = Math.floor(nowMs / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(appId)
    .setIssuedAt(seconds - 60)
    .setExpirationTime(seconds + 9 * 60)
    .sign(createPrivateKey(privateKey.reveal()));
}
