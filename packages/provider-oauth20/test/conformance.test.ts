import { describe, test } from '@jest/globals';
import { type DescribedServer, testTokenProvider } from '@tokenkeep/testing/conformance';
import { digitalRiver, oauth20 } from '../src/index.js';

const client = { clientId: 'shop', clientSecret: 'correct:horse/battery' };
const otherClient = { clientId: 'shop', clientSecret: 'staple and stapler' };

const vendorError = (code: string) => ({ errors: { error: [{ code, description: 'No' }] } });
const invalidToken = { status: 401, body: vendorError('invalid_token') };

const resource: Pick<DescribedServer, 'revoke' | 'inspect' | 'throttled' | 'api'> = {
  revoke: { request: 'DELETE /oauth20/access-tokens', only: 'access', unknown: invalidToken },
  inspect: {
    request: 'GET /oauth20/access-tokens',
    active: ({ lifetime }) => ({ body: { authenticated: 'true', expiresIn: lifetime } }),
    inactive: invalidToken,
  },
  throttled: { status: 409, body: vendorError('rate-limit-quota-exceeded') },
  api: {
    rejected: [
      invalidToken,
      { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
    ],
    denied: { status: 401, body: vendorError('invalid_request') },
  },
};

describe('client credentials', () => {
  testTokenProvider({
    test,
    provider: ({ url }) => digitalRiver({ baseUrl: url }),
    credentials: client,
    wrongCredentials: otherClient,
    server: {
      ...resource,
      obtain: {
        request: 'POST /oauth20/token',
        ok: ({ access, lifetime }) => ({
          body: { access_token: access, token_type: 'bearer', expires_in: lifetime },
        }),
        refused: { status: 401, body: { error: 'invalid_client' } },
        refusedAs: 'client_rejected',
      },
    },
  });
});

const person = { grant: 'password', username: 'ada', password: 'correct horse', ...client };

describe('a person, with refresh tokens that rotate, in an envelope', () => {
  testTokenProvider({
    test,
    provider: ({ url }) =>
      digitalRiver({
        baseUrl: url,
        passwordLogin: true,
        refreshToken: { singleUse: true, reuseGraceMs: 0 },
      }),
    credentials: person,
    wrongCredentials: { ...person, username: 'bob', password: 'battery staple' },
    server: {
      ...resource,
      obtain: {
        request: 'POST /oauth20/token',
        ok: ({ access, refresh, lifetime }) => ({
          body: { token: { access_token: access, refresh_token: refresh, expires_in: lifetime } },
        }),
        refused: { status: 400, body: { error: 'invalid_grant' } },
      },
      refresh: {
        refused: [
          { status: 400, body: { error: 'invalid_grant' } },
          { status: 401, body: vendorError('invalid_token') },
        ],
      },
    },
  });
});

describe('the bearer of somebody else, which reads the resource', () => {
  testTokenProvider({
    test,
    provider: ({ url }) =>
      oauth20({ id: 'session', baseUrl: url, accessTokenPath: '/oauth20/access-tokens' }),
    credentials: { bearer: 'the-bearer-of-ada' },
    wrongCredentials: { bearer: 'the-bearer-of-bob' },
    server: {
      ...resource,
      obtain: {
        request: 'GET /oauth20/access-tokens',
        ok: ({ access, lifetime }) => ({
          body: { sessionId: 's-1', access_token: access, expiresIn: lifetime },
        }),
        refused: invalidToken,
        refusedAs: 'upstream_rejected',
      },
    },
  });
});

describe('a grant that is read from the resource afterwards', () => {
  testTokenProvider({
    test,
    provider: ({ url }) =>
      oauth20({ id: 'shop', baseUrl: url, accessTokenPath: '/oauth20/access-tokens' }),
    credentials: client,
    wrongCredentials: otherClient,
    server: {
      ...resource,
      obtain: {
        request: 'POST /oauth20/token',
        ok: ({ access, lifetime }) => ({ body: { access_token: access, expires_in: lifetime } }),
        followedBy: [
          {
            request: 'GET /oauth20/access-tokens',
            ok: ({ access, lifetime }) => ({ body: { access_token: access, expiresIn: lifetime } }),
          },
        ],
        refused: { status: 401, body: { error: 'invalid_client' } },
        refusedAs: 'client_rejected',
      },
    },
  });
});

describe('a person, whose grants are read from the resource afterwards', () => {
  testTokenProvider({
    test,
    provider: ({ url }) =>
      oauth20({
        id: 'shop',
        baseUrl: url,
        accessTokenPath: '/oauth20/access-tokens',
        passwordLogin: true,
        refreshToken: { singleUse: true, reuseGraceMs: 0 },
      }),
    credentials: person,
    wrongCredentials: { ...person, username: 'bob', password: 'battery staple' },
    server: {
      ...resource,
      obtain: {
        request: 'POST /oauth20/token',
        ok: ({ access, refresh, lifetime }) => ({
          body: { access_token: access, refresh_token: refresh, expires_in: lifetime },
        }),
        followedBy: [
          {
            request: 'GET /oauth20/access-tokens',
            ok: ({ access, lifetime }) => ({ body: { access_token: access, expiresIn: lifetime } }),
          },
        ],
        refused: { status: 400, body: { error: 'invalid_grant' } },
      },
      refresh: { refused: { status: 400, body: { error: 'invalid_grant' } } },
    },
  });
});
