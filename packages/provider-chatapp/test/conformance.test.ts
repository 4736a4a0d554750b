import { test } from '@jest/globals';
import { testTokenProvider } from '@tokenkeep/testing/conformance';
import { chatApp } from '../src/index.js';

const refusal = (code: string) => ({ success: false, error: { code, message: 'No' } });

testTokenProvider({
  test,
  provider: ({ url }) => chatApp({ baseUrl: url }),
  credentials: { email: 'ada@example.com', password: 'correct horse', appId: 'app_1_1' },
  wrongCredentials: { email: 'bob@example.com', password: 'battery staple', appId: 'app_2_1' },
  server: {
    lifetime: 'unix-seconds',
    refreshLifetime: 'unix-seconds',
    obtain: {
      request: 'POST /v1/tokens',
      ok: ({ access, refresh, lifetime, refreshLifetime }) => ({
        body: {
          success: true,
          data: {
            cabinetUserId: 14_545,
            accessToken: access,
            accessTokenEndTime: lifetime,
            refreshToken: refresh,
            refreshTokenEndTime: refreshLifetime,
          },
        },
      }),
      refused: { status: 401, body: refusal('ApiWrongCredentialsError') },
    },
    refresh: {
      request: 'POST /v1/tokens/refresh',
      refused: [200, 401, 403].map((status) => ({ status, body: refusal('ApiInvalidTokenError') })),
    },
    inspect: {
      request: 'GET /v1/tokens/check',
      active: ({ access }) => ({ body: { success: true, data: { accessToken: access } } }),
      inactive: { status: 403, body: refusal('ApiInvalidTokenError') },
    },
    throttled: { status: 403, body: refusal('ApiRequestLimitError') },
    api: {
      rejected: [200, 401, 403].map((status) => ({
        status,
        body: refusal('ApiInvalidTokenError'),
      })),
      denied: { status: 403, body: refusal('ApiAccessDeniedError') },
    },
  },
});
