import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Secret } from '@tokenkeep/core';
import { OAuth20Authority } from '@tokenkeep/testing';
import { refusalKind } from '../../../test/providers/caught.js';
import { testCall } from '../../../test/providers/test-call.js';
import { digitalRiver, oauth20 } from '../src/index.js';

const account = { accountId: 'shop', clientId: 'key', clientSecret: 's:e+c%ret' };
const client = {
  grant: 'client_credentials',
  clientId: account.clientId,
  clientSecret: new Secret(account.clientSecret),
} as const;

describe.each(['json', 'xml'] as const)('against a server that refuses in %s', (errorForm) => {
  let server: OAuth20Authority;
  beforeEach(async () => {
    server = await new OAuth20Authority({ accounts: [account], errorForm }).start();
  });
  afterEach(() => server.stop());

  const preset = () => digitalRiver({ baseUrl: server.url });
  const secretOf = (token: unknown) => new Secret(String(token));

  test.each(['number', 'string', 'wrapped'] as const)('a grant in the form %s', async (form) => {
    server.replyForm = form;
    const issued = await preset().obtain(client, testCall());
    expect(issued).toMatchObject({ accessToken: expect.any(String), lifetimeMs: 86_400_000 });
  });

  test('a token is obtained, described, revoked, and revoked once more', async () => {
    const provider = preset();
    const token = secretOf((await provider.obtain(client, testCall())).accessToken);
    expect(await provider.inspect?.(token, testCall())).toMatchObject({ active: true });
    await provider.revoke?.({ accessToken: token }, testCall());
    await provider.revoke?.({ accessToken: token }, testCall());
    expect(await provider.inspect?.(token, testCall())).toEqual({ active: false });
  });

  test('a chain shares the token of the account above, and says so', async () => {
    const bearer = secretOf((await preset().obtain(client, testCall())).accessToken);
    const issued = await preset().obtain({ bearer }, testCall());
    expect(issued).toMatchObject({ accessToken: bearer.reveal(), sharesUpstreamToken: true });
    await preset().revoke?.({ accessToken: bearer }, testCall());
    const refused = preset().obtain({ bearer }, testCall());
    expect(await refusalKind(refused)).toBe('upstream_rejected');
  });

  test('where GET issues tokens, each end of the chain has its own', async () => {
    server.mode = 'issues-token';
    const provider = oauth20({ id: 'shop', baseUrl: server.url });
    const own = await provider.obtain(client, testCall());
    const bearer = secretOf(own.accessToken);
    const issued = await provider.obtain({ bearer }, testCall());
    expect(issued.sharesUpstreamToken).toBe(false);
    expect(issued.accessToken).not.toBe(bearer.reveal());
  });

  test('a wrong client secret is the operator’s mistake', async () => {
    const wrong = { ...client, clientSecret: new Secret('other') };
    expect(await refusalKind(preset().obtain(wrong, testCall()))).toBe('client_rejected');
  });
});
