import { describe, expect, test } from '@jest/globals';
import { createTokenEngine } from '@tokenkeep/core';
import { oauth2 } from '@tokenkeep/provider-oauth2';
import { caught } from '../../../test/providers/caught.js';
import { type OAuth2Setup, OAuth2World } from './oauth2-world.js';
import { personWithBrowser } from './server/persons.js';

const person: OAuth2Setup = {
  provider: () => ({ authorizationParameters: { prompt: 'consent' } }),
  account: { scope: 'openid offline_access' },
};

describe('rotation at a server that detects reuse', () => {
  test('each refresh token is sent once', async () => {
    await using world = await OAuth2World.begin(person);
    const { interaction } = personWithBrowser();
    const seen = new Set([(await world.engine.login('crm', { interaction })).reveal()]);
    for (let round = 0; round < 5; round += 1) {
      seen.add((await world.engine.renew('crm')).reveal());
    }
    expect(seen.size).toBe(6);
    const { requests, grantsRevoked } = await world.server.log();
    const refreshes = requests.filter(({ grant }) => grant === 'refresh_token');
    expect(refreshes.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(grantsRevoked).toBe(0);
  });

  test('somebody else who uses the same refresh token ends the grant, and a login heals it', async () => {
    await using world = await OAuth2World.begin(person);
    const { engine, server } = world;
    const { interaction } = personWithBrowser();
    await engine.login('crm', { interaction });
    const stolen = await refreshTokenOf(world, () => engine.renew('crm'));

    await using thief = await createTokenEngine({
      providers: [
        oauth2({
          id: 'idp',
          issuer: server.issuer,
          clientId: 'basic',
          clientSecret: server.secret,
        }),
      ],
      accounts: [{ provider: 'idp', account: 'crm', ...person.account }],
      allowInsecureLoopback: true,
      parameters: { gapMs: 1 },
    });
    await thief.accounts.import('crm', { refreshToken: stolen });
    const refused = await caught(thief.getToken('crm'));
    expect(refused).toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      providerCode: 'invalid_grant',
    });
    expect((await server.log()).grantsRevoked).toBe(1);

    const locked = await caught(engine.renew('crm'));
    expect(locked).toMatchObject({ code: 'REAUTHORIZATION_REQUIRED' });
    expect((await engine.status('crm')).state).toBe('reauthorization_required');
    await engine.login('crm', { interaction });
    expect((await engine.status('crm')).state).toBe('live');
    await engine.renew('crm');
  });
});

/** The refresh token that is sent while something is done. */
async function refreshTokenOf({ sent }: OAuth2World, work: () => Promise<unknown>) {
  await work();
  const token = sent.map((body) => new URLSearchParams(body).get('refresh_token')).find(Boolean);
  if (!token) throw new Error('No refresh token was sent.');
  return token;
}
