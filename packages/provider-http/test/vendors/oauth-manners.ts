import { jsonReply, type ServerRequest } from '@tokenkeep/testing';
import type { Manners } from './vendor-server.js';

/** The body of a token request, form or JSON. */
export function bodyOf({ body, headers }: ServerRequest): Record<string, string | undefined> {
  const text = body.toString();
  if (headers['content-type'] === 'application/json') return JSON.parse(text);
  return Object.fromEntries(new URLSearchParams(text));
}

/** RFC 6749 as most vendors do it: one token endpoint, and a grant type that says what is asked. */
export function oauthManners(tokenPath: string, own: Partial<Manners> = {}): Manners {
  return {
    route: (request) => {
      if (request.path !== tokenPath) return 'api';
      return bodyOf(request).grant_type === 'refresh_token' ? 'refresh' : 'obtain';
    },
    accepts: (request) => bodyOf(request).code === 'good-code',
    refreshToken: (request) => bodyOf(request).refresh_token,
    tokens: (set, { seconds }) => ({
      access_token: set.accessToken,
      refresh_token: set.refresh?.token,
      expires_in: seconds,
      token_type: 'Bearer',
    }),
    refusal: () => jsonReply(400, { error: 'invalid_grant' }),
    ...own,
  };
}

export const client = { clientId: 'client-1', clientSecret: 'shh-client' };
export const withCode = { ...client, code: 'good-code' };
export const withRedirect = { ...withCode, redirectUri: 'https://app.example/back' };
