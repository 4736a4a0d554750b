import { describe, expect, test } from '@jest/globals';
import {
  type LoginInteraction,
  PROVIDER_CONTRACT,
  Secret,
  TokenError,
  type TokenProvider,
} from '@tokenkeep/core';
import { z } from 'zod';
import { plugInProfile } from './plug-in-profile.js';
import { World } from './world.js';

const nobody: LoginInteraction = {
  browse: () => new Promise(() => {}),
  showCode: async () => {},
};

/** A plug-in of a few lines, which is no OAuth, and asks its person for a code. */
function plugIn(login?: TokenProvider['login']): TokenProvider {
  return {
    contract: PROVIDER_CONTRACT,
    id: 'acme',
    profile: plugInProfile,
    credentials: z.unknown(),
    obtain: async () => ({ accessToken: 'by-credentials' }),
    authorize: () => {},
    isTokenRejection: async () => false,
    ...(login === undefined ? {} : { login }),
  };
}

const accounts = [{ provider: 'acme', account: 'crm' }];

describe('a login by a person', () => {
  test('is the business of any plug-in, and begins a new life of the account', async () => {
    await using world = new World();
    const shown: string[] = [];
    const provider = plugIn(async ({ showCode }, call) => {
      const code = { code: 'ABC', url: 'https://acme.example', lifetimeMs: 60_000 };
      await showCode(code, call.signal);
      await call.wait(30_000);
      return { accessToken: `after-${call.target.scope}`, lifetimeMs: 600_000 };
    });
    const engine = await world.engine({
      providers: [provider],
      accounts: [{ provider: 'acme', account: 'crm', scope: 'read' }],
    });
    const interaction: LoginInteraction = {
      ...nobody,
      showCode: async ({ code }) => void shown.push(code),
    };
    const token = await world.run(engine.login('crm', { interaction }));
    expect([shown, token.reveal()]).toEqual([['ABC'], 'after-read']);
    expect(world.seen('token:imported')).toHaveLength(1);
    await world.run(engine.revoke('crm'));
    await world.run(engine.login('crm', { interaction }));
    expect((await world.run(engine.status('crm'))).state).toBe('live');
  });

  test('of a plug-in that cannot is refused, and says what to do instead', async () => {
    await using world = new World();
    const engine = await world.engine({ providers: [plugIn()], accounts });
    const login = engine.login('crm', { interaction: nobody });
    await expect(world.run(login)).rejects.toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      reason: 'no_credentials',
      message: expect.stringContaining('Add "credentials"'),
    });
  });

  test('that fails leaves the account as it was, and says nothing of what was sent', async () => {
    await using world = new World();
    const secret = 'a-secret-of-the-login';
    const provider = plugIn(async (_interaction, call) => {
      await call
        .send({
          method: 'GET',
          url: 'https://127.0.0.1:1/',
          headers: { Authorization: new Secret(secret) },
        })
        .catch(() => {});
      throw new TokenError('PROVIDER_PROTOCOL', `It said ${secret}.`);
    });
    const engine = await world.engine({ providers: [provider], accounts });
    const login = world.run(engine.login('crm', { interaction: nobody }));
    await expect(login).rejects.toMatchObject({ message: 'It said [secret].' });
    expect((await world.run(engine.status('crm'))).state).toBe('new');
  });

  test('ends with the caller’s signal, and its plug-in is told', async () => {
    await using world = new World();
    let told: AbortSignal | undefined;
    const leaving = new AbortController();
    const provider = plugIn(async (_interaction, call) => {
      told = call.signal;
      leaving.abort();
      await call.wait(3_600_000);
      return { accessToken: 'too-late' };
    });
    const engine = await world.engine({ providers: [provider], accounts });
    const login = engine.login('crm', { interaction: nobody, signal: leaving.signal });
    await expect(world.run(login)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(told?.aborted).toBe(true);
    expect((await world.run(engine.status('crm'))).state).toBe('new');
  });

  test('waits a quarter of an hour, and not for ever', async () => {
    await using world = new World();
    const provider = plugIn(async ({ browse }, { signal }) => {
      await browse({ redirectUri: 'http://127.0.0.1/', urlFor: async () => '' }, signal);
      return { accessToken: 'never' };
    });
    const engine = await world.engine({ providers: [provider], accounts });
    const begun = world.clock.now();
    const login = engine.login('crm', { interaction: nobody });
    await expect(world.run(login, 1_800_000)).rejects.toMatchObject({ code: 'WAIT_TIMED_OUT' });
    expect(world.clock.now() - begun).toBe(900_000);
  });

  test('is refused where login is no function', async () => {
    await using world = new World();
    const provider = { ...plugIn(), login: 'yes' } as unknown as TokenProvider;
    await expect(world.engine({ providers: [provider], accounts })).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('login is not a function'),
    });
  });
});

test('a revocation has the credentials of the account: a client that authenticates needs them', async () => {
  await using world = new World();
  const seen: unknown[] = [];
  const provider: TokenProvider = {
    ...plugIn(),
    revoke: async (_tokens, _call, credentials) => void seen.push(credentials),
  };
  const credentials = { clientId: 'us' };
  const engine = await world.engine({
    providers: [provider],
    accounts: [{ provider: 'acme', account: 'crm', credentials }],
  });
  await world.run(engine.getToken('crm'));
  await world.run(engine.revoke('crm'));
  expect(seen).toEqual([credentials]);
});
