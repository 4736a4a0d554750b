import { describe, expect, test } from '@jest/globals';
import {
  createTokenEngine,
  type LoginInteraction,
  nodeHttpExchange,
  TokenError,
} from '@tokenkeep/core';
import { oauth2 } from '@tokenkeep/provider-oauth2';
import { TestClock, trackedExchange } from '@tokenkeep/testing';
import { caught } from '../../../test/providers/caught.js';
import { type OAuth2Setup, OAuth2World } from './oauth2-world.js';
import { personWithBrowser, personWithCode } from './server/persons.js';
import { UserAgent } from './server/user-agent.js';

const person: OAuth2Setup = {
  provider: () => ({ clientId: 'public', clientSecret: undefined as never }),
  account: { scope: 'openid offline_access' },
};

const account = { scope: 'openid offline_access' };

describe('a person with a browser', () => {
  test('logs in with PKCE, and the account lives until its grant is dead, and lives again', async () => {
    await using world = await OAuth2World.begin(person);
    const { engine, server } = world;
    const without = await caught(engine.login('crm'));
    expect(without).toMatchObject({ code: 'REAUTHORIZATION_REQUIRED', reason: 'no_credentials' });
    expect(without.message).toContain('tokenkeep login');

    const { interaction, pages } = personWithBrowser();
    await engine.login('crm', { interaction });
    const { searchParams } = new URL(pages[0] ?? '');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'public',
      redirect_uri: 'http://127.0.0.1:51234/callback',
      code_challenge_method: 'S256',
      prompt: 'consent',
      scope: 'openid offline_access',
    });
    expect((await engine.renew('crm')).generation).toBe(2);

    await engine.revoke('crm');
    const dead = await caught(engine.getToken('crm'));
    expect(dead.code).toBe('ACCOUNT_REVOKED');
    await engine.login('crm', { interaction });
    await engine.renew('crm');
    expect((await engine.status('crm')).state).toBe('live');
    expect(await server.requestsTo('/token/revocation')).toMatchObject([
      { status: 200 },
      { status: 200 },
    ]);
  });

  test('is asked to consent only where a refresh token is wanted, and nothing else was said', async () => {
    const prompts: (string | null)[] = [];
    const asking = (scope: string, authorizationParameters?: Record<string, string>) =>
      promptAt({ scope, authorizationParameters });
    prompts.push(await asking('openid offline_access'));
    prompts.push(await asking('openid offline_access', { prompt: 'login' }));
    prompts.push(await asking('openid'));
    expect(prompts).toEqual(['consent', 'login', null]);
  });

  test('whose code the server refuses is told to log in again', async () => {
    await using world = await OAuth2World.begin(person);
    const interaction: LoginInteraction = {
      ...personWithBrowser().interaction,
      async browse({ redirectUri, urlFor }) {
        const state = new URL(await urlFor(redirectUri)).searchParams.get('state');
        return new URL(`${redirectUri}?code=old&state=${state}&iss=${world.server.issuer}`);
      },
    };
    const error = await caught(world.engine.login('crm', { interaction }));
    expect(error).toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      reason: 'login_refused',
      providerCode: 'invalid_grant',
    });
    expect(error.message).toContain('Log in again');
    expect((await world.engine.status('crm')).state).toBe('new');
  });

  test('who changes their mind is told so, and the account is as it was', async () => {
    await using world = await OAuth2World.begin(person);
    const interaction: LoginInteraction = {
      ...personWithBrowser().interaction,
      async browse({ redirectUri, urlFor }) {
        const state = new URL(await urlFor(redirectUri)).searchParams.get('state');
        const back = new URL(redirectUri);
        back.search = `error=access_denied&state=${state}&iss=${world.server.issuer}`;
        return back;
      },
    };
    const error = await caught(world.engine.login('crm', { interaction }));
    expect(error).toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      reason: 'login_refused',
      providerCode: 'access_denied',
    });
    expect((await world.engine.status('crm')).state).toBe('new');
  });

  test('a redirect that is not the answer to this login is refused, and its code not sent', async () => {
    await using world = await OAuth2World.begin(person);
    const interaction: LoginInteraction = {
      ...personWithBrowser().interaction,
      async browse({ redirectUri, urlFor }) {
        await urlFor(redirectUri);
        return new URL(`${redirectUri}?code=stolen&state=another&iss=${world.server.issuer}`);
      },
    };
    const error = await caught(world.engine.login('crm', { interaction }));
    expect(error).toMatchObject({ code: 'PROVIDER_PROTOCOL', reason: 'protocol' });
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('stolen');
    expect(await world.server.requestsTo('/token')).toEqual([]);
  });

  test('nobody waits for a person for ever, and an engine that stops waits no more', async () => {
    await using world = await OAuth2World.begin(person);
    const signals: AbortSignal[] = [];
    const interaction: LoginInteraction = {
      ...personWithBrowser().interaction,
      browse: (_page, signal) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    };
    const late = await caught(world.engine.login('crm', { interaction, waitMs: 1_000 }));
    expect(late.code).toBe('WAIT_TIMED_OUT');
    expect(signals[0]?.aborted).toBe(true);
    const login = caught(world.engine.login('crm', { interaction }));
    while (signals.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await world.engine.stop();
    expect((await login).code).toBe('ENGINE_STOPPED');
    expect(signals[1]?.aborted).toBe(true);
  });
});

/** What the page a person is sent to asks of them. */
async function promptAt({
  scope,
  authorizationParameters = {},
}: {
  readonly scope: string;
  readonly authorizationParameters?: Record<string, string> | undefined;
}): Promise<string | null> {
  const issuer = 'https://id.example.com';
  await using engine = await createTokenEngine({
    providers: [
      oauth2({
        id: 'idp',
        issuer,
        tokenEndpoint: `${issuer}/token`,
        authorizationEndpoint: `${issuer}/auth`,
        clientId: 'us',
        authorizationParameters,
      }),
    ],
    accounts: [{ provider: 'idp', account: 'ada', scope }],
  });
  let page = '';
  const interaction: LoginInteraction = {
    ...personWithBrowser().interaction,
    async browse({ redirectUri, urlFor }) {
      page = await urlFor(redirectUri);
      return new URL(`${redirectUri}?error=access_denied`);
    },
  };
  await caught(engine.login('ada', { interaction }));
  return new URL(page).searchParams.get('prompt');
}

/** Waiting costs no real time. */
function inVirtualTime(setup: OAuth2Setup) {
  const clock = new TestClock();
  const exchange = trackedExchange(clock, nodeHttpExchange(clock));
  return { clock, setup: { ...setup, engine: { clock, exchange } } };
}

describe('a person with another device', () => {
  test('types a code in while the server is asked, less often when it says so', async () => {
    const { clock, setup } = inVirtualTime({ ...person, slowDown: true });
    await using world = await OAuth2World.begin(setup);
    const { interaction, codes } = personWithCode();
    const begun = clock.now();
    const token = await clock.runUntil(world.engine.login('crm', { interaction }), {
      limitMs: 1_800_000,
    });
    expect(codes).toMatchObject([{ lifetimeMs: 1_800_000, url: `${world.server.issuer}/device` }]);
    const polls = await world.server.requestsTo('/token');
    expect(polls.at(-1)).toMatchObject({ status: 200 });
    const pending = polls.filter(({ error }) => error === 'authorization_pending').length;
    // Of these, the first is answered with slow_down: each later one is 5 s later than it was.
    const asked = pending > 0 ? 5_000 + 10_000 * pending : 5_000;
    expect(clock.now() - begun).toBeGreaterThanOrEqual(asked);
    const renewed = await clock.runUntil(world.engine.renew('crm'));
    expect(renewed.generation).toBe(token.generation + 1);
  });

  test('who says no, or nothing, is not asked for ever', async () => {
    const { clock, setup } = inVirtualTime(person);
    await using world = await OAuth2World.begin(setup);
    const saysNo = personWithCode(new UserAgent({ abort: 'yes' }, ['abort']));
    const silent = { ...saysNo.interaction, showCode: async () => {} };
    const limit = { limitMs: 3_600_000 };
    const expired = await clock.runUntil(
      caught(world.engine.login('crm', { interaction: silent, waitMs: 3_000_000 })),
      limit,
    );
    expect(expired).toMatchObject({ reason: 'login_refused', providerCode: 'expired_token' });
    const denied = await clock.runUntil(
      caught(world.engine.login('crm', { interaction: saysNo.interaction })),
      limit,
    );
    expect(denied).toMatchObject({ reason: 'login_refused', providerCode: 'access_denied' });
    expect((await world.engine.status('crm')).state).toBe('new');
  });

  test('where the server has no endpoint for it, is told so', async () => {
    await using world = await OAuth2World.begin({
      account,
      provider: ({ issuer }) => ({
        clientId: 'public',
        clientSecret: undefined as never,
        tokenEndpoint: `${issuer}/token`,
        authorizationEndpoint: `${issuer}/auth`,
      }),
    });
    const { interaction } = personWithCode();
    const error = await caught(world.engine.login('crm', { interaction }));
    expect(TokenError.is(error, 'CONFIGURATION_INVALID')).toBe(true);
    expect(error.message).toContain('device_authorization_endpoint');
  });
});
