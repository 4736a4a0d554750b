import { randomBytes } from 'node:crypto';
import type { HttpExchange, TokenProvider } from '@tokenkeep/core';

export const LIFETIME_MS = 3_600_000;

/** As long as tokens of servers that sign theirs. */
export function newToken(): string {
  return randomBytes(192).toString('base64url');
}

/** A server that is asked as every server is, by the engine's own call, and answers at once. */
export const benchProvider: TokenProvider = {
  contract: 1,
  id: 'bench',
  profile: {
    apiOrigins: ['https://api.example.com'],
    renewal: 'ahead',
    refreshToken: 'reusable',
    inDoubt: 'never-resend',
    notProcessed: [],
    refreshRevokesAccessToken: false,
    revocationScope: 'token',
    lifetime: { defaultMs: LIFETIME_MS, maxMs: LIFETIME_MS, zeroMeans: 'invalid' },
    passwordLogin: false,
    budgets: [],
  },
  credentials: { '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) } },
  obtain: () => Promise.reject(new Error('Every account has a refresh token.')),
  async refresh(refreshToken, call) {
    const json = { refreshToken };
    const reply = await call.send({ method: 'POST', url: 'https://api.example.com/token', json });
    const { accessToken } = reply.json();
    return { accessToken, lifetimeMs: LIFETIME_MS };
  },
  authorize: () => {},
  isTokenRejection: async () => false,
};

/** Neither a network nor a server: on neither side of the comparison. */
export function instantExchange(onRequest: () => void = () => {}): HttpExchange {
  return {
    async send(_request, { onConnected }) {
      await onConnected();
      onRequest();
      const body = Buffer.from(JSON.stringify({ accessToken: newToken() }));
      const headers = {
        'content-type': ['application/json'],
        'content-length': [String(body.length)],
      };
      return { status: 200, headers, body };
    },
  };
}
