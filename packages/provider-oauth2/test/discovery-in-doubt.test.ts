import { expect, test } from '@jest/globals';
import { createTokenEngine } from '@tokenkeep/core';
import { oauth2 } from '@tokenkeep/provider-oauth2';
import { endpoint } from '../../../test/providers/endpoint.js';

test('a discovery that fails puts no refresh token in doubt: it is sent later, once', async () => {
  await using server = await endpoint(
    { status: 503, body: 'restarting' },
    (url) => ({ body: { issuer: url, token_endpoint: `${url}/token` } }),
    { body: { access_token: 'at', token_type: 'Bearer', expires_in: 60, refresh_token: 'rt2' } },
  );
  await using engine = await createTokenEngine({
    providers: [oauth2({ id: 'idp', issuer: server.url, clientId: 'us' })],
    accounts: [{ provider: 'idp', account: 'crm' }],
    allowInsecureLoopback: true,
    parameters: { gapMs: 1 },
  });
  await engine.accounts.import('crm', { refreshToken: 'rt1' });
  expect((await engine.getToken('crm')).reveal()).toBe('at');
  const posted = server.requests.filter(({ method }) => method === 'POST');
  expect(posted.map(({ body }) => new URLSearchParams(body).get('refresh_token'))).toEqual(['rt1']);
  expect((await engine.status('crm')).state).toBe('live');
});
