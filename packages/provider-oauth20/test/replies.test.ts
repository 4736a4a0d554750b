import { describe, expect, test } from '@jest/globals';
import { refusalOf, Secret } from '@tokenkeep/core';
import { apiReply } from '../../../test/providers/api-reply.js';
import { caught, refusalKind } from '../../../test/providers/caught.js';
import { endpoint, type ScriptedReply } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';
import { type OAuth20Credentials, type OAuth20Options, oauth20 } from '../src/index.js';

const bearer: OAuth20Credentials = { bearer: new Secret('b1') };
const client: OAuth20Credentials = {
  grant: 'client_credentials',
  clientId: 'id',
  clientSecret: new Secret('secret'),
};
const person: OAuth20Credentials = {
  grant: 'password',
  clientId: 'id',
  username: 'u',
  password: new Secret('p'),
};
const session = {
  sessionId: 's',
  userId: 'u1',
  authenticated: 'true',
  locale: 'en_US',
  currency: 'USD',
  cartId: 'c1',
  domain: 'd1',
  expiresIn: 86_397,
  sessionTag: 't',
};
const grant = { access_token: 'g1', token_type: 'bearer', expires_in: 3599 };

async function obtain(
  credentials: OAuth20Credentials,
  options: Partial<OAuth20Options>,
  ...replies: ScriptedReply[]
) {
  await using server = await endpoint(...replies);
  const provider = oauth20({ id: 'generic', ...options, baseUrl: server.url });
  return await provider.obtain(credentials, testCall());
}

async function refresh(
  credentials: OAuth20Credentials | undefined,
  options: Partial<OAuth20Options>,
  ...replies: ScriptedReply[]
) {
  await using server = await endpoint(...replies);
  const provider = oauth20({
    id: 'generic',
    refreshToken: 'reusable',
    ...options,
    baseUrl: server.url,
  });
  return await provider.refresh?.(new Secret('r1'), testCall(), credentials);
}

async function revoke(reply: ScriptedReply) {
  await using server = await endpoint(reply);
  const provider = oauth20({ id: 'generic', baseUrl: server.url });
  return await provider.revoke?.({ accessToken: new Secret('a1') }, testCall());
}

async function inspect(reply: ScriptedReply) {
  await using server = await endpoint(reply);
  const provider = oauth20({ id: 'generic', baseUrl: server.url });
  return await provider.inspect?.(new Secret('a1'), testCall());
}

function vendorError(code: string) {
  return { errors: { error: [{ relation: 'r', code, subcode: '', description: 'No' }] } };
}

function xmlError(code: string) {
  return `<?xml version="1.0"?><errors><error relation="r"><code>${code}</code></error></errors>`;
}

describe('what GET on the resource says', () => {
  test('a session without token: the bearer is the token, for as long as the body says', async () => {
    expect(await obtain(bearer, {}, { body: session })).toEqual({
      accessToken: 'b1',
      tokenType: undefined,
      lifetimeMs: 86_397_000,
      metadata: {
        userId: 'u1',
        authenticated: 'true',
        locale: 'en_US',
        currency: 'USD',
        cartId: 'c1',
        domain: 'd1',
      },
      sharesUpstreamToken: true,
    });
  });

  test.each<[string, object]>([
    ['access_token', { access_token: 't1', expires_in: 60 }],
    ['accessToken', { accessToken: 't1', expiresIn: 60 }],
    ['token.access_token', { token: { access_token: 't1', expires_in: 60 } }],
    ['token.accessToken', { token: { accessToken: 't1' }, expiresIn: 60 }],
    ['token', { token: 't1', expiresIn: '60' }],
  ])('a token at %s is a token of its own', async (_name, body) => {
    expect(await obtain(bearer, {}, { body })).toMatchObject({
      accessToken: 't1',
      lifetimeMs: 60_000,
      sharesUpstreamToken: false,
    });
  });

  test('the bearer handed back under another name is still the bearer', async () => {
    const issued = await obtain(bearer, {}, { body: { access_token: 'b1' } });
    expect(issued).toMatchObject({ accessToken: 'b1', sharesUpstreamToken: true });
  });

  test('mode token takes nothing but a token; mode session nothing but the bearer', async () => {
    const body = { access_token: 't1' };
    const strict = await obtain(bearer, { resource: 'token' }, { body: session });
    expect(strict).toMatchObject({ accessToken: undefined, sharesUpstreamToken: false });
    const lax = await obtain(bearer, { resource: 'session' }, { body });
    expect(lax).toMatchObject({ accessToken: 'b1', sharesUpstreamToken: true });
  });

  test.each([
    [86_397, 86_397_000],
    ['3599', 3_599_000],
    ['3599.5', undefined],
    [null, undefined],
    [true, undefined],
  ])('expiresIn %j is %j ms', async (expiresIn, expected) => {
    const issued = await obtain(bearer, {}, { body: { expiresIn } });
    expect(issued.lifetimeMs).toBe(expected);
  });

  test('which facts are kept is an option', async () => {
    const issued = await obtain(bearer, { metadata: ['sessionId', 'none'] }, { body: session });
    expect(issued.metadata).toEqual({ sessionId: 's' });
  });

  test('a page instead of a session is unreadable', async () => {
    const error = await caught(obtain(bearer, {}, { body: '<html></html>' }));
    expect(error.code).toBe('PROVIDER_PROTOCOL');
  });
});

describe('what the token endpoint says', () => {
  test.each<[string, object]>([
    ['a number', grant],
    ['a string', { ...grant, expires_in: '3599' }],
    ['wrapped', { token: grant }],
    ['wrapped, as a string', { token: { ...grant, expires_in: '3599' } }],
  ])('the three reply forms: %s', async (_name, body) => {
    expect(await obtain(client, { readAfterGrant: false }, { body })).toEqual({
      accessToken: 'g1',
      tokenType: 'bearer',
      lifetimeMs: 3_599_000,
      scope: undefined,
    });
  });

  test('read at the resource, it stays a token of our own', async () => {
    const read = await obtain(client, {}, { body: grant }, { body: session });
    expect(read).toMatchObject({
      accessToken: 'g1',
      tokenType: 'bearer',
      lifetimeMs: 86_397_000,
      sharesUpstreamToken: false,
      metadata: { userId: 'u1' },
    });
    const exchanged = await obtain(client, {}, { body: grant }, { body: { access_token: 't1' } });
    expect(exchanged).toMatchObject({ accessToken: 't1', lifetimeMs: 3_599_000 });
  });

  test('a token that is none is not sent anywhere', async () => {
    for (const accessToken of [7, null, '', 'line\r\nbreak']) {
      const issued = await obtain(client, {}, { body: { access_token: accessToken } });
      expect(issued.accessToken).toBe(accessToken ?? undefined);
    }
  });

  test('refresh tokens are dropped unless the provider was made for them', async () => {
    const body = { ...grant, refresh_token: 'r2' };
    const without = await obtain(person, { readAfterGrant: false }, { body });
    expect(without).not.toHaveProperty('refreshToken');
    const reusable = { readAfterGrant: false, refreshToken: 'reusable' } as const;
    expect(await obtain(person, reusable, { body })).toMatchObject({ refreshToken: 'r2' });
    expect(await refresh(person, reusable, { body })).toMatchObject({ refreshToken: 'r2' });
  });

  test('a new refresh token survives a resource that fails after the grant', async () => {
    const replies = [{ body: { ...grant, refresh_token: 'r2' } }, { status: 500, body: '' }];
    const issued = await refresh(person, {}, ...replies);
    expect(issued).toMatchObject({ accessToken: undefined, refreshToken: 'r2' });
    expect(await refusalKind(refresh(person, {}, { body: grant }, { status: 500 }))).toBe(
      'unavailable',
    );
  });

  test.each([undefined, bearer])(
    'a refresh without a client (%#) says what to do',
    async (given) => {
      const error = await caught(refresh(given, {}));
      expect(error.code).toBe('CONFIGURATION_INVALID');
      expect(error.message).toContain('clientId and clientSecret');
    },
  );
});

describe('refusals', () => {
  const json = (status: number, code: string): ScriptedReply => ({
    status,
    body: vendorError(code),
  });
  const xml = (status: number, code: string): ScriptedReply => ({
    status,
    headers: { 'content-type': 'application/xml' },
    body: xmlError(code),
  });
  const challenge = (error: string): ScriptedReply => ({
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="x", error="${error}", error_description="y"` },
    body: '',
  });

  test.each<[string, ScriptedReply, string]>([
    ['invalid_token', json(401, 'invalid_token'), 'upstream_rejected'],
    ['invalid_token in XML', xml(401, 'invalid_token'), 'upstream_rejected'],
    ['invalid_token in the challenge', challenge('invalid_token'), 'upstream_rejected'],
    ['invalid_token at 200', json(200, 'invalid_token'), 'upstream_rejected'],
    ['invalid_client', json(401, 'invalid_client'), 'client_rejected'],
    ['invalid_request', json(401, 'invalid_request'), 'client_rejected'],
    ['the quota, as 409', json(409, 'rate-limit-quota-exceeded'), 'throttled'],
    ['the quota in XML', xml(409, 'rate-limit-quota-exceeded'), 'throttled'],
    ['another 409', json(409, 'conflict'), 'ambiguous'],
    ['an empty 401', { status: 401, body: '' }, 'ambiguous'],
    ['a page', { status: 401, body: '<html></html>' }, 'ambiguous'],
    ['an unknown code', json(400, 'gone_fishing'), 'ambiguous'],
    ['429', { status: 429, body: '' }, 'throttled'],
    ['500 in words', json(500, 'invalid_token'), 'unavailable'],
  ])('a bearer of somebody else: %s', async (_name, reply, kind) => {
    expect(await refusalKind(obtain(bearer, {}, reply))).toBe(kind);
  });

  test('a bearer of our own that is refused at once is not an upstream', async () => {
    const refused = obtain(client, {}, { body: grant }, json(401, 'invalid_token'));
    expect(await refusalKind(refused)).toBe('ambiguous');
  });

  const oauth = (status: number, error: unknown): ScriptedReply => ({ status, body: { error } });

  test.each<[string, ScriptedReply, string, string, string]>([
    [
      'invalid_client',
      json(401, 'invalid_client'),
      'client_rejected',
      'client_rejected',
      'client_rejected',
    ],
    [
      'invalid_request',
      json(401, 'invalid_request'),
      'client_rejected',
      'client_rejected',
      'client_rejected',
    ],
    [
      'invalid_scope',
      oauth(400, 'invalid_scope'),
      'client_rejected',
      'client_rejected',
      'client_rejected',
    ],
    [
      'invalid_grant',
      oauth(400, 'invalid_grant'),
      'client_rejected',
      'credentials_rejected',
      'grant_rejected',
    ],
    ['invalid_token', json(401, 'invalid_token'), 'ambiguous', 'ambiguous', 'grant_rejected'],
    ['the quota', json(409, 'rate-limit-quota-exceeded'), 'throttled', 'throttled', 'throttled'],
    ['slow_down', oauth(400, 'slow_down'), 'throttled', 'throttled', 'throttled'],
    ['{"error":123}', oauth(401, 123), 'ambiguous', 'ambiguous', 'ambiguous'],
    ['an empty 400', { status: 400, body: '' }, 'ambiguous', 'ambiguous', 'ambiguous'],
    ['503', oauth(503, 'invalid_grant'), 'unavailable', 'unavailable', 'unavailable'],
  ])('the token endpoint: %s', async (_name, reply, ofClient, ofPerson, ofRefresh) => {
    expect(await refusalKind(obtain(client, {}, reply))).toBe(ofClient);
    expect(await refusalKind(obtain(person, {}, reply))).toBe(ofPerson);
    expect(await refusalKind(refresh(client, {}, reply))).toBe(ofRefresh);
  });

  test('the words and the wait of a refusal are kept', async () => {
    const reply = { ...json(409, 'rate-limit-quota-exceeded'), headers: { 'retry-after': '7' } };
    const error = await caught(obtain(client, {}, reply));
    expect(error).toMatchObject({
      code: 'PROVIDER_THROTTLED',
      providerCode: 'rate-limit-quota-exceeded',
      providerMessage: 'No',
    });
    expect(refusalOf(error)?.retryAfterMs).toBe(7000);
  });

  test('a long page is searched for a code in bounded time', async () => {
    const body = `${'<code '.repeat(10_000)}${xmlError('invalid_token')}`;
    const started = performance.now();
    expect(await refusalKind(obtain(bearer, {}, { status: 401, body }))).toBe('ambiguous');
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test.each<[string, ScriptedReply]>([
    ['200 with the session', { body: session }],
    ['200 without a body', { body: '' }],
    ['204', { status: 204, body: '' }],
    ['401 invalid_token', json(401, 'invalid_token')],
    ['401 invalid_token in XML', xml(401, 'invalid_token')],
    ['401 invalid_token in the challenge', challenge('invalid_token')],
  ])('revoked: %s', async (_name, reply) => {
    await expect(revoke(reply)).resolves.toBeUndefined();
  });

  test.each<[string, ScriptedReply, string]>([
    ['401 invalid_client', json(401, 'invalid_client'), 'client_rejected'],
    ['401 without words', { status: 401, body: '' }, 'ambiguous'],
    ['400 invalid_token', json(400, 'invalid_token'), 'ambiguous'],
    ['404', { status: 404, body: '' }, 'ambiguous'],
    ['200 that refuses', json(200, 'invalid_request'), 'client_rejected'],
    ['the quota', json(409, 'rate-limit-quota-exceeded'), 'throttled'],
    ['500', { status: 500, body: '' }, 'unavailable'],
  ])('not revoked: %s', async (_name, reply, kind) => {
    expect(await refusalKind(Promise.resolve(revoke(reply)))).toBe(kind);
  });

  test('the resource tells whether a token lives', async () => {
    expect(await inspect({ body: session })).toEqual({ active: true, lifetimeMs: 86_397_000 });
    expect(await inspect({ body: {} })).toEqual({ active: true });
    expect(await inspect(json(401, 'invalid_token'))).toEqual({ active: false });
    const busy = Promise.resolve(inspect(json(409, 'rate-limit-quota-exceeded')));
    expect(await refusalKind(busy)).toBe('throttled');
  });
});

describe('a reply of the API', () => {
  const { isTokenRejection } = oauth20({ id: 'generic', baseUrl: 'https://api.example.com' });
  const challenge = (error: string) => ({ 'www-authenticate': `Bearer error="${error}"` });

  test.each<[string, number, unknown, Record<string, string>]>([
    ['invalid_token in JSON', 401, vendorError('invalid_token'), {}],
    ['one error without list', 401, { errors: { error: { code: 'invalid_token' } } }, {}],
    ['invalid_token of RFC 6749', 401, { error: 'invalid_token' }, {}],
    ['invalid_token in the challenge', 401, undefined, challenge('invalid_token')],
    ['a 401 in XML', 401, undefined, { 'content-type': 'text/xml; charset=utf-8' }],
  ])('%s rejects the token', async (_name, status, body, headers) => {
    expect(await isTokenRejection(apiReply(status, body, headers))).toBe(true);
  });

  test.each<[string, number, unknown, Record<string, string>]>([
    ['invalid_token at 200', 200, vendorError('invalid_token'), {}],
    ['invalid_token at 403', 403, vendorError('invalid_token'), challenge('invalid_token')],
    ['a permission', 403, undefined, challenge('insufficient_scope')],
    ['another code at 401', 401, vendorError('invalid_client'), {}],
    ['another challenge at 401', 401, undefined, challenge('invalid_request')],
    ['an empty 401', 401, undefined, {}],
    [
      'a description that mentions it',
      401,
      undefined,
      { 'www-authenticate': 'Bearer error_description="error invalid_token"' },
    ],
  ])('%s does not', async (_name, status, body, headers) => {
    expect(await isTokenRejection(apiReply(status, body, headers))).toBe(false);
  });
});
