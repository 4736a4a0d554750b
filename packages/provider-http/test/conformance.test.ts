import { describe, test } from '@jest/globals';
import {
  type DescribedServer,
  type TokenProviderTests,
  testTokenProvider,
} from '@tokenkeep/testing/conformance';
import { httpProvider } from '../src/index.js';
import { declarationOf } from './vendors/vendor-scene.js';

/** A declaration as it stands in its file, at the server of the kit. */
function declared(vendor: string): TokenProviderTests['provider'] {
  return ({ url }) => httpProvider({ ...declarationOf(vendor), baseUrl: url });
}

const deadToken = { status: 401, body: { error: { id: 'security.token.invalid' } } };

describe('Kuzzle: an access token that refreshes itself, lives in milliseconds', () => {
  const issued: DescribedServer['obtain']['ok'] = ({ access, lifetime }) => ({
    body: { result: { jwt: access, ttl: lifetime, _id: 'ada' } },
  });
  testTokenProvider({
    test,
    provider: declared('kuzzle'),
    credentials: { username: 'ada', password: 'correct horse' },
    wrongCredentials: { username: 'bob', password: 'battery staple' },
    server: {
      lifetime: 'milliseconds',
      obtain: {
        request: 'POST /_login/local',
        ok: issued,
        refused: {
          status: 401,
          body: {
            error: { id: 'plugin.strategy.missing_user', message: 'wrong username or password' },
          },
        },
      },
      refresh: { request: 'POST /_refreshToken', refused: deadToken },
      revoke: { request: 'POST /_logout', unknown: deadToken },
      inspect: {
        request: 'POST /_checkToken',
        active: () => ({ body: { result: { valid: true } } }),
        inactive: { body: { result: { valid: false } } },
      },
      api: {
        rejected: deadToken,
        denied: { status: 401, body: { error: { id: 'security.rights.unauthorized' } } },
      },
    },
  });
});

const said = (error: string) => ({ body: { ok: false, error } });

describe('Slack: errors with HTTP 200, and refresh tokens that rotate', () => {
  const client = { clientId: 'app', clientSecret: 'correct:horse/battery' };
  testTokenProvider({
    test,
    provider: declared('slack'),
    credentials: { ...client, code: 'a-code-of-ada' },
    wrongCredentials: { ...client, code: 'a-code-of-bob' },
    server: {
      obtain: {
        request: 'POST /api/oauth.v2.access',
        ok: ({ access, refresh, lifetime }) => ({
          body: {
            ok: true,
            access_token: access,
            token_type: 'bot',
            refresh_token: refresh,
            expires_in: lifetime,
            team: { id: 'T1' },
          },
        }),
        refused: [said('invalid_code'), said('code_already_used')],
      },
      refresh: { refused: [said('invalid_refresh_token'), said('token_revoked')] },
      revoke: {
        request: 'POST /api/auth.revoke',
        ok: { body: { ok: true, revoked: true } },
        unknown: [said('token_revoked'), said('invalid_auth')],
      },
      throttled: said('ratelimited'),
      api: {
        rejected: [said('token_expired'), said('invalid_auth')],
        denied: [said('missing_scope'), { status: 401, body: {} }],
      },
    },
  });
});

describe('Tuya: a refresh token in the path, and a client in headers of its own', () => {
  const refused = (code: number) => ({ body: { success: false, code, msg: 'no' } });
  testTokenProvider({
    test,
    provider: declared('tuya'),
    credentials: { clientId: 'correct:horse/battery' },
    wrongCredentials: { clientId: 'staple and stapler' },
    server: {
      secretsInUrl: true,
      obtain: {
        request: 'GET /v1.0/token',
        ok: ({ access, refresh, lifetime }) => ({
          body: {
            success: true,
            result: {
              access_token: access,
              refresh_token: refresh,
              expire_time: lifetime,
              uid: 'ada',
            },
          },
        }),
        refused: [refused(1001), refused(1004)],
        refusedAs: 'client_rejected',
      },
      refresh: { request: 'GET /v1.0/token/*', refused: [refused(1010), refused(1011)] },
      throttled: [refused(1110), refused(1111)],
      api: { rejected: [refused(1010), refused(1011), refused(1012)], denied: refused(1106) },
    },
  });
});

describe('TelemetryDeck: a login with Basic, and an end written as a date', () => {
  testTokenProvider({
    test,
    provider: declared('telemetrydeck'),
    credentials: { email: 'ada@example.com', password: 'correct horse' },
    wrongCredentials: { email: 'bob@example.com', password: 'battery staple' },
    server: {
      lifetime: 'datetime',
      obtain: {
        request: 'POST /api/v3/users/login',
        ok: ({ access, lifetime }) => ({
          body: { value: access, expiresAt: lifetime, user: { id: 'ada' } },
        }),
        refused: { status: 401, body: { error: true, reason: 'Unauthorized' } },
      },
      api: { rejected: { status: 401 }, denied: { status: 403 } },
    },
  });
});
