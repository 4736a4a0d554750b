import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OAuth20Authority, type OAuth20AuthorityOptions, TestClock } from '@tokenkeep/testing';

type Json = Record<string, unknown>;

const service = { accountId: 'service', clientId: 'key:1', clientSecret: 's+e c%ret' };
const person = { accountId: 'person', clientId: 'public', username: 'u', password: 'p' };

let clock: TestClock;
let server: OAuth20Authority;

async function started(options: OAuth20AuthorityOptions = {}): Promise<void> {
  const accounts = [service, person];
  server = await new OAuth20Authority({ clock, accounts, ...options }).start();
}

function basic(id: string, secret: string): string {
  const encoded = [id, secret].map((part) => encodeURIComponent(part).replaceAll('%20', '+'));
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`;
}

async function call(method: string, path: string, headers: Record<string, string>, body?: string) {
  const init = body === undefined ? { method, headers } : { method, headers, body };
  const reply = await fetch(server.url + path, init);
  const text = await reply.text();
  const isJson = reply.headers.get('content-type') === 'application/json';
  return { status: reply.status, text, body: (isJson ? JSON.parse(text) : {}) as Json };
}

const token = (form: Record<string, string>, headers: Record<string, string> = {}) =>
  call('POST', '/oauth20/token', headers, new URLSearchParams(form).toString());
const serviceToken = () =>
  token(
    { grant_type: 'client_credentials' },
    { authorization: basic(service.clientId, service.clientSecret) },
  );
const session = (method: string, bearer: string, path = '/oauth20/access-token') =>
  call(method, path, { authorization: `bearer ${bearer}` });

beforeEach(() => {
  clock = new TestClock();
});
afterEach(() => server.stop());

describe('OAuth20Authority', () => {
  test('client credentials ride in a Basic header, each part form-encoded', async () => {
    await started();
    const { status, body } = await serviceToken();
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 86_400 });
    expect(body).not.toHaveProperty('refresh_token');
    const wrong = { authorization: basic(service.clientId, 'wrong') };
    const refused = await token({ grant_type: 'client_credentials' }, wrong);
    expect(refused.status).toBe(401);
    expect(refused.body).toMatchObject({ errors: { error: [{ code: 'invalid_client' }] } });
  });

  test('a public client logs in with a password and refreshes; a replay revokes', async () => {
    await started();
    const client = { client_id: 'public' };
    const form = { grant_type: 'password', username: 'u', password: 'p', ...client };
    const first = (await token(form)).body;
    const again = { grant_type: 'refresh_token', refresh_token: String(first.refresh_token) };
    const second = await token({ ...again, ...client });
    expect(second.status).toBe(200);
    expect((await token({ ...again, ...client })).status).toBe(401);
    expect(server.log.last).toMatchObject({ replay: true, familyRevoked: true });
    expect((await session('GET', String(second.body.access_token))).status).toBe(401);
    expect((await token({ ...form, password: 'wrong' })).status).toBe(401);
  });

  test('writes expires_in in three forms', async () => {
    await started({ replyForm: 'string' });
    expect((await serviceToken()).body.expires_in).toBe('86400');
    server.replyForm = 'wrapped';
    expect((await serviceToken()).body).toMatchObject({ token: { expires_in: 86_400 } });
  });

  test.each(['/oauth20/access-token', '/oauth20/access-tokens'])(
    'introspects at %s: no token in the body, and the time the bearer has left',
    async (path) => {
      await started();
      const bearer = String((await serviceToken()).body.access_token);
      await clock.advance(3_000);
      const { status, body } = await session('GET', bearer, path);
      expect(status).toBe(200);
      expect(body).toMatchObject({ authenticated: 'true', expiresIn: 86_397 });
      expect(body).not.toHaveProperty('access_token');
      expect(server.log.last).toMatchObject({ operation: 'inspect', outcome: 'served' });
    },
  );

  test('issues tokens: the body carries a new token, independent of the bearer', async () => {
    await started({ mode: 'issues-token' });
    const bearer = String((await serviceToken()).body.access_token);
    const issued = String((await session('GET', bearer)).body.access_token);
    expect(issued).not.toBe(bearer);
    expect(server.log.last).toMatchObject({ operation: 'obtain', outcome: 'issued' });
    expect((await call('GET', '/v1/x', { authorization: `Bearer ${issued}` })).status).toBe(200);
    expect((await session('DELETE', issued)).status).toBe(200);
    expect((await call('GET', '/v1/x', { authorization: `Bearer ${issued}` })).status).toBe(401);
    expect((await call('GET', '/v1/x', { authorization: `Bearer ${bearer}` })).status).toBe(200);
  });

  test('DELETE replies with the same body and ends the token', async () => {
    await started();
    const bearer = String((await serviceToken()).body.access_token);
    const shown = await session('GET', bearer);
    const ended = await session('DELETE', bearer);
    expect(ended).toEqual(shown);
    expect(server.log.last).toMatchObject({ operation: 'revoke', outcome: 'revoked' });
    const again = await session('DELETE', bearer);
    expect(again.status).toBe(401);
    expect(again.body).toMatchObject({ errors: { error: [{ code: 'invalid_token' }] } });
    expect(server.log.last?.tokenState).toBe('revoked');
  });

  test('refuses in XML if asked to', async () => {
    await started({ errorForm: 'xml' });
    const { status, text } = await session('GET', 'unknown');
    expect(status).toBe(401);
    expect(text).toContain('<code>invalid_token</code>');
  });

  test('a rate limit arrives as 409', async () => {
    await started({ rateLimit: { limit: 2, windowMs: 60_000 } });
    await serviceToken();
    await serviceToken();
    const { status, body } = await serviceToken();
    expect(status).toBe(409);
    expect(body).toMatchObject({ errors: { error: [{ code: 'rate-limit-quota-exceeded' }] } });
    await clock.advance(60_000);
    expect((await serviceToken()).status).toBe(200);
  });

  test('the bearer may be the token of another server', async () => {
    const foreign = {
      accountId: 'service',
      state: 'live' as const,
      endsAt: clock.trueNow() + 5_000,
    };
    const foreignBearer = (text: string) => (text === 'upstream' ? foreign : undefined);
    await started({ foreignBearer });
    expect((await session('GET', 'upstream')).body).toMatchObject({ expiresIn: 5 });
    expect((await call('GET', '/v1/x', { authorization: 'Bearer upstream' })).status).toBe(200);
    expect((await session('DELETE', 'upstream')).status).toBe(200);
    expect((await session('GET', 'upstream')).status).toBe(401);
    expect((await call('GET', '/v1/x', { authorization: 'Bearer upstream' })).status).toBe(401);
  });
});
