import type { TokenProviderTests } from '@tokenkeep/testing/conformance';

const unknownClient = {
  status: 401,
  body: { error: 'unknown_client' },
  as: 'client_rejected',
} as const;
const denied = { status: 401, body: { error: 'denied', message: 'Who are you?' } };

/** Acme's documentation, as the kit wants it. */
export const acmeDescription: Omit<TokenProviderTests, 'test' | 'provider'> = {
  credentials: { user: 'ada', password: 'correct horse battery' },
  wrongCredentials: { user: 'bob', password: 'staple and stapler' },
  secrets: ['password'],
  server: {
    refreshLifetime: 'unix-seconds',
    obtain: {
      request: 'POST /login',
      ok: ({ access, refresh, lifetime, refreshLifetime }) => ({
        body: { token: access, refresh, seconds: lifetime, refresh_ends: refreshLifetime },
      }),
      refused: [denied, unknownClient],
    },
    refresh: { request: 'POST /refresh', refused: [denied, unknownClient] },
    throttled: { status: 403, body: { error: 'slow_down' } },
    revoke: { request: 'POST /logout', unknown: { status: 404, body: { error: 'unknown_token' } } },
    inspect: {
      request: 'GET /session',
      active: () => ({ body: { user: 'ada' } }),
      inactive: { status: 401, body: { error: 'unknown_token' } },
    },
    api: {
      header: 'Authorization: Bearer *',
      rejected: { status: 401, body: { error: 'unknown_token' } },
      denied: [
        { status: 401, body: { error: 'not_for_you' } },
        { status: 403, body: { error: 'unknown_token' } },
      ],
    },
  },
};
