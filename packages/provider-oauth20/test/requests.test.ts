import { describe, expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { accessToken } from '../../../test/providers/api-reply.js';
import { endpoint } from '../../../test/providers/endpoint.js';
import { testCall } from '../../../test/providers/test-call.js';
import {
  digitalRiver,
  type OAuth20CredentialsInput,
  type OAuth20Options,
  oauth20,
} from '../src/index.js';

type Provider = ReturnType<typeof oauth20>;

const granted = { access_token: 'granted', token_type: 'bearer', expires_in: 3599 };

/** What goes over the wire when these credentials obtain a token. */
async function obtaining(given: OAuth20CredentialsInput, options: Partial<OAuth20Options> = {}) {
  await using server = await endpoint({ body: granted }, { body: { expiresIn: 60 } });
  const provider = oauth20({ id: 'generic', ...options, baseUrl: server.url });
  await provider.obtain(await parsed(provider, given), testCall());
  return server.requests;
}

async function parsed(provider: Provider, given: OAuth20CredentialsInput) {
  const result = await provider.credentials['~standard'].validate(given);
  if (result.issues !== undefined) throw new Error(result.issues[0]?.message);
  return result.value;
}

const client = { clientId: 'id', clientSecret: 'secret' };
const basic = `Basic ${Buffer.from('id:secret').toString('base64')}`;

describe('the access-token resource, byte by byte', () => {
  test('a bearer is read with GET and lower-case bearer, at the singular path', async () => {
    const [request, ...more] = await obtaining({ bearer: 'b1' });
    expect(more).toEqual([]);
    expect(request).toMatchObject({
      method: 'GET',
      url: '/oauth20/access-token',
      body: '',
      headers: { authorization: 'bearer b1', accept: 'application/json' },
    });
  });

  test('Digital River: the same at the plural path', async () => {
    await using server = await endpoint({ body: { expiresIn: 60 } });
    const provider = digitalRiver({ baseUrl: server.url });
    await provider.obtain({ bearer: new Secret('b1') }, testCall());
    expect(server.requests[0]?.url).toBe('/oauth20/access-tokens');
  });

  test('a token is revoked with DELETE, which carries no body', async () => {
    await using server = await endpoint({ body: { expiresIn: 60 } });
    const provider = oauth20({ id: 'generic', baseUrl: server.url });
    await provider.revoke?.({ accessToken: new Secret('a1') }, testCall());
    expect(server.requests).toMatchObject([
      {
        method: 'DELETE',
        url: '/oauth20/access-token',
        body: '',
        headers: { authorization: 'bearer a1' },
      },
    ]);
  });

  test('without an access token there is nothing to revoke', async () => {
    await using server = await endpoint();
    const provider = oauth20({ id: 'generic', baseUrl: server.url });
    await provider.revoke?.({ refreshToken: new Secret('r1') }, testCall());
    expect(server.requests).toEqual([]);
  });

  test.each([
    [{}, 'bearer token'],
    [{ scheme: 'Bearer' } as const, 'Bearer token'],
  ])('an API call under %j carries Authorization: %s', (options, expected) => {
    const headers = new Headers();
    digitalRiver(options).authorize(headers, accessToken('token'));
    expect(headers.get('authorization')).toBe(expected);
  });
});

describe('the token endpoint, byte by byte', () => {
  test('client credentials: the secret rides in Basic, the grant in the form', async () => {
    const [request] = await obtaining(client);
    expect(request).toMatchObject({
      method: 'POST',
      url: '/oauth20/token',
      body: 'grant_type=client_credentials',
      headers: {
        authorization: basic,
        accept: 'application/json',
        'content-type': expect.stringMatching(/^application\/x-www-form-urlencoded/),
      },
    });
  });

  test('scope and further parameters follow the grant', async () => {
    const parameters = { dr_session_token: new Secret('s 1') };
    const [request] = await obtaining({ ...client, scope: 'a b', parameters });
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      dr_session_token: 's 1',
    });
  });

  test('a password grant of a confidential client', async () => {
    const user = { grant: 'password', username: 'u', password: 'p&=+ ' } as const;
    const [request] = await obtaining({ ...client, ...user }, { passwordLogin: true });
    expect(request?.headers.authorization).toBe(basic);
    expect(request?.body).toBe('grant_type=password&username=u&password=p%26%3D%2B+');
  });

  test('a public client has no secret: its id is in the form', async () => {
    const [request] = await obtaining({ clientId: 'id', grant: 'password' });
    expect(request?.body).toBe('grant_type=password&client_id=id');
    expect(request?.headers).not.toHaveProperty('authorization');
  });

  test('a refresh sends the refresh token in the form', async () => {
    await using server = await endpoint({ body: granted });
    const provider = digitalRiver({ baseUrl: server.url, refreshToken: 'reusable' });
    await provider.refresh?.(new Secret('r1'), testCall(), await parsed(provider, client));
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        url: '/oauth20/token',
        body: 'grant_type=refresh_token&refresh_token=r1',
        headers: { authorization: basic },
      },
    ]);
  });

  test('a granted token is read at the resource, unless that is switched off', async () => {
    const paths = async (options: Partial<OAuth20Options>) =>
      (await obtaining(client, options)).map(({ method, headers }) =>
        method === 'GET' ? `GET ${headers.authorization}` : method,
      );
    expect(await paths({})).toEqual(['POST', 'GET bearer granted']);
    expect(await paths({ readAfterGrant: false })).toEqual(['POST']);
    expect(await paths({ resource: 'session' })).toEqual(['POST']);
  });
});

describe('Basic, RFC 6749 section 2.3.1', () => {
  test.each([
    ['id', 'secret'],
    ['id:with:colons', 'se:cret'],
    ['a+b', 'c+d'],
    ['100%', '%41'],
    ['a b', 'c d'],
    ['ключ', 'пароль'],
    ["~!*()'&=", '"\\/?#[]@'],
  ])('id %j and secret %j come back as they were', async (clientId, clientSecret) => {
    const [request] = await obtaining({ clientId, clientSecret });
    const [scheme, credentials = ''] = request?.headers.authorization?.split(' ') ?? [];
    expect(scheme).toBe('Basic');
    const parts = Buffer.from(credentials, 'base64').toString('latin1').split(':');
    expect(parts).toHaveLength(2);
    const decoded = parts.map((part) => new URLSearchParams(`v=${part}`).get('v'));
    expect(decoded).toEqual([clientId, clientSecret]);
  });

  test('colon, plus and percent are written as the RFC says', async () => {
    const [request] = await obtaining({ clientId: 'a:b', clientSecret: 'c+d%e f' });
    const text = Buffer.from(request?.headers.authorization?.slice(6) ?? '', 'base64').toString();
    expect(text).toBe('a%3Ab:c%2Bd%25e+f');
  });
});
