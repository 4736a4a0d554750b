import { describe, test } from '@jest/globals';
import { testTokenProvider } from '@tokenkeep/testing/conformance';
import { type AuthRefreshOptions, authRefresh, teletracker } from '../src/index.js';

const person = { username: 'ada@example.com', password: 'correct horse', accountId: 123 };
const other = { username: 'bob@example.com', password: 'battery staple' };
const denied = [401, 403].map((status) => ({
  status,
  body: { success: false, message: 'Not allowed' },
}));

describe('TeleTracker', () => {
  testTokenProvider({
    test,
    provider: ({ url }) => teletracker({ baseUrl: url }),
    credentials: person,
    wrongCredentials: other,
    server: {
      refreshLifetime: 'datetime',
      obtain: {
        request: 'POST /auth/login',
        ok: ({ access, refresh, lifetime, refreshLifetime }) => ({
          body: {
            success: true,
            guid: '0b6c2f5e',
            token: access,
            tokenLifetime: lifetime,
            refreshToken: refresh,
            refreshTokenExpiration: refreshLifetime,
          },
        }),
        refused: denied,
      },
      refresh: { request: 'POST /auth/refresh', refused: denied },
      api: { rejected: [{ status: 401 }, { status: 403 }] },
    },
  });
});

const cookies: Omit<AuthRefreshOptions, 'baseUrl'> = {
  id: 'fleet',
  login: { method: 'PUT', path: '/session', fields: { username: 'email' } },
  refresh: { path: '/session/renewal', token: { in: 'cookie', name: 'renewal' } },
  reply: {
    accessToken: 'data.jwt',
    accessLifetime: { path: 'data.ends', as: 'unix-milliseconds' },
    refreshToken: { in: 'cookie', name: 'renewal' },
  },
};

describe('cookies, and ends in milliseconds', () => {
  testTokenProvider({
    test,
    provider: ({ url }) => authRefresh({ ...cookies, baseUrl: url }),
    credentials: person,
    wrongCredentials: other,
    server: {
      lifetime: 'unix-milliseconds',
      obtain: {
        request: 'PUT /session',
        ok: ({ access, refresh, lifetime }) => ({
          headers: { 'set-cookie': `renewal=${refresh}; HttpOnly; Path=/session` },
          body: { data: { jwt: access, ends: lifetime } },
        }),
        // For this provider a sentence is a word.
        refused: [
          { status: 401, body: { error: 'invalid_grant' } },
          ...[401, 403].map((status) => ({ status, body: { message: 'Not allowed' } })),
        ],
      },
      refresh: {
        request: 'POST /session/renewal',
        refused: { status: 400, body: { error: 'invalid_grant' } },
      },
      api: { rejected: { status: 401 }, denied: { status: 403 } },
    },
  });
});
