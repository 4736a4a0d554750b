import { describe, expect, test } from '@jest/globals';
import { createTokenEngine } from '@tokenkeep/core';
import { caught } from '../../../test/providers/caught.js';
import { endpoint } from '../../../test/providers/endpoint.js';
import { idpAt } from './idp-at.js';

const granted = (count: number) => ({
  body: {
    access_token: `at${count}`,
    token_type: 'Bearer',
    expires_in: 3_600,
    refresh_token: `rt${count}`,
  },
});

/** An account with a client of its own, out of a vault that may be down; its provider has another. */
async function worldAt(url: string) {
  const vault = { isDown: false };
  const engine = await createTokenEngine({
    providers: [
      idpAt(url, {
        revocationEndpoint: `${url}/revoke`,
        clientId: 'shared',
        clientSecret: 'shared secret',
      }),
    ],
    accounts: [
      {
        provider: 'idp',
        account: 'crm',
        credentials: async () => {
          if (vault.isDown) throw new Error('The vault is down.');
          return { grant: 'authorization_code', clientId: 'own', clientSecret: 'own' };
        },
      },
    ],
    allowInsecureLoopback: true,
    parameters: { gapMs: 1, forcedGapMs: 1, backoffBaseMs: 1 },
  });
  await engine.accounts.import('crm', { refreshToken: 'rt0' });
  return { engine, vault };
}

describe('while the credentials with its client cannot be had', () => {
  test('an account is not refreshed with the client of the provider, and is refreshed later', async () => {
    await using server = await endpoint(granted(1), granted(2));
    const { engine, vault } = await worldAt(server.url);
    await using _engine = engine;
    await engine.getToken('crm');
    vault.isDown = true;
    const error = await caught(engine.renew('crm'));
    expect(error).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      reason: 'credentials_unavailable',
    });
    expect(server.requests).toHaveLength(1);
    expect((await engine.status('crm')).state).toBe('live');
    vault.isDown = false;
    expect((await engine.renew('crm')).reveal()).toBe('at2');
    const clients = server.requests.map(({ headers }) =>
      atob(String(headers.authorization).replace('Basic ', '')),
    );
    expect(clients).toEqual(['own:own', 'own:own']);
  });

  test('its tokens are not revoked with the client of the provider', async () => {
    await using server = await endpoint(granted(1));
    const { engine, vault } = await worldAt(server.url);
    await using _engine = engine;
    await engine.getToken('crm');
    vault.isDown = true;
    await engine.revoke('crm').catch(() => {});
    expect(server.requests.filter(({ url }) => url === '/revoke')).toEqual([]);
  });
});
