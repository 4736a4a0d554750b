import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from '@jest/globals';
import { type DescribedServer, testTokenProvider } from '@tokenkeep/testing/conformance';
import { oauth2 } from '../src/index.js';

const client = { clientId: 'app', clientSecret: 'correct:horse/battery' };
const otherClient = { clientId: 'app', clientSecret: 'staple and stapler' };

const error = (code: string, status = 400) => ({ status, body: { error: code } });

const resource: Pick<DescribedServer, 'revoke' | 'inspect' | 'throttled' | 'api'> = {
  revoke: {
    request: 'POST /revoke',
    unknown: [{}, error('invalid_token')],
  },
  inspect: {
    request: 'POST /introspect',
    active: ({ lifetime, now }) => ({
      body: { active: true, exp: Math.floor(now / 1_000) + Number(lifetime) },
    }),
    inactive: { body: { active: false } },
  },
  throttled: error('slow_down'),
  api: {
    rejected: [
      { status: 401 },
      { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
    ],
    denied: [
      { status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } },
      { status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"' } },
    ],
  },
};

const endpointsAt = (url: string) => ({
  tokenEndpoint: `${url}/token`,
  revocationEndpoint: `${url}/revoke`,
  introspectionEndpoint: `${url}/introspect`,
});

const bearer: DescribedServer['obtain']['ok'] = ({ access, refresh, lifetime }) => ({
  body: {
    access_token: access,
    token_type: 'Bearer',
    refresh_token: refresh,
    expires_in: lifetime,
  },
});

describe('client credentials, at endpoints that are given', () => {
  testTokenProvider({
    test,
    provider: ({ url }) =>
      oauth2({ id: 'idp', issuer: url, refreshToken: 'none', ...endpointsAt(url) }),
    credentials: client,
    wrongCredentials: otherClient,
    server: {
      ...resource,
      obtain: {
        request: 'POST /token',
        ok: bearer,
        refused: [error('invalid_client', 401), error('unauthorized_client')],
        refusedAs: 'client_rejected',
      },
    },
  });
});

const preliminary: DescribedServer['preliminary'] = [
  {
    request: 'GET /.well-known/oauth-authorization-server',
    ok: ({ url }) => ({
      body: {
        issuer: url,
        token_endpoint: `${url}/token`,
        revocation_endpoint: `${url}/revoke`,
        introspection_endpoint: `${url}/introspect`,
      },
    }),
  },
];

describe('the client of the provider, at endpoints that are discovered', () => {
  testTokenProvider({
    test,
    provider: ({ url }) => oauth2({ id: 'idp', issuer: url, refreshToken: 'none', ...client }),
    credentials: {},
    wrongCredentials: otherClient,
    secrets: [],
    server: {
      ...resource,
      preliminary,
      obtain: {
        request: 'POST /token',
        ok: bearer,
        refused: error('invalid_client', 401),
        refusedAs: 'client_rejected',
      },
    },
  });
});

const person = { grant: 'password', username: 'ada', password: 'correct horse', ...client };
const rotating: DescribedServer = {
  ...resource,
  obtain: { request: 'POST /token', ok: bearer, refused: error('invalid_grant') },
  refresh: { refused: error('invalid_grant') },
};

describe('a person with refresh tokens that rotate, at endpoints that are discovered', () => {
  testTokenProvider({
    test,
    provider: ({ url }) => oauth2({ id: 'idp', issuer: url, passwordLogin: true }),
    credentials: person,
    wrongCredentials: { ...person, username: 'bob', password: 'battery staple' },
    server: { ...rotating, preliminary },
  });
});

describe('a client that signs, with tokens bound to a key', () => {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKey = String(key.export({ type: 'pkcs8', format: 'pem' }));
  const signing = { clientId: 'app', privateKey };
  testTokenProvider({
    test,
    provider: ({ url }) =>
      oauth2({ id: 'idp', issuer: url, dpopKey: privateKey, ...endpointsAt(url) }),
    credentials: signing,
    wrongCredentials: { ...signing, clientId: 'another' },
    server: {
      ...rotating,
      obtain: {
        request: 'POST /token',
        ok: bearer,
        refused: [error('invalid_client', 401), error('invalid_dpop_proof')],
        refusedAs: 'client_rejected',
      },
    },
  });
});
