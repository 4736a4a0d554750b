import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  type AccountConfig,
  createTokenEngine,
  nodeHttpExchange,
  type TokenProvider,
} from '@tokenkeep/core';
import {
  jsonReply,
  type Operation,
  type Processed,
  type Reply,
  ScriptedServer,
  type ServerRequest,
  TestClock,
  trackedExchange,
} from '@tokenkeep/testing';
import { type JWTPayload, jwtVerify } from 'jose';
import { apple } from '../../examples/plug-ins/apple.js';
import { gitHubApp } from '../../examples/plug-ins/github-app.js';

const HOUR_MS = 3_600_000;

/** Answers as told, and keeps what it was asked. */
class TokenServer extends ScriptedServer {
  readonly requests: ServerRequest[] = [];
  constructor(
    private readonly body: (at: number) => object,
    clock: TestClock,
  ) {
    super({ clock });
  }
  /** What it says first, to as many requests. */
  readonly refusals: Reply[] = [];
  protected route(): Operation {
    return 'obtain';
  }
  protected identify() {
    return {};
  }
  protected process(request: ServerRequest): Processed {
    this.requests.push(request);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return { reply: refusal, facts: { outcome: 'refused' } };
    return { reply: jsonReply(201, this.body(this.shownNow())), facts: { outcome: 'issued' } };
  }
}

async function scene(
  provider: (baseUrl: string, now: () => number) => TokenProvider<never>,
  credentials: object,
  body: (at: number) => object,
) {
  const clock = new TestClock();
  const server = await new TokenServer(body, clock).start();
  const signing = provider(server.url, () => clock.now()) as unknown as TokenProvider;
  // Signing takes real time, which a clock that stands still has to be told of.
  const made: TokenProvider = {
    ...signing,
    obtain: (given, call) => clock.track(() => signing.obtain(given, call)),
    ...(signing.refresh && {
      refresh: (...given) => clock.track(async () => signing.refresh?.(...given) ?? ({} as never)),
    }),
    ...(signing.revoke && {
      revoke: (...given) => clock.track(async () => signing.revoke?.(...given)),
    }),
  };
  const engine = await createTokenEngine({
    clock,
    exchange: trackedExchange(clock, nodeHttpExchange(clock)),
    allowInsecureLoopback: true,
    providers: [made],
    accounts: [{ provider: made.id, account: 'main', credentials } as AccountConfig],
  });
  return {
    clock,
    engine,
    server,
    token: async () => (await clock.runUntil(engine.getToken('main'))).reveal(),
    async [Symbol.asyncDispose]() {
      await clock.runUntil(engine.stop());
      await server.stop();
    },
  };
}

async function claimsOf(jwt: string, key: Parameters<typeof jwtVerify>[1], at: number) {
  const { payload } = await jwtVerify(jwt, key as never, { currentDate: new Date(at) });
  return payload as Required<JWTPayload>;
}

test('GitHub App: a JWT of at most ten minutes, dated a minute back, mints a token each hour', async () => {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let minted = 0;
  await using world = await scene(
    (baseUrl, now) => gitHubApp({ baseUrl, now }) as never,
    {
      appId: '42',
      installationId: '7',
      // PKCS#1, as GitHub gives it.
      privateKey: keys.privateKey.export({ type: 'pkcs1', format: 'pem' }),
    },
    (at) => {
      minted += 1;
      const expires_at = new Date(at + HOUR_MS).toISOString().replace(/\.\d+/, '');
      return { token: `ghs_${minted}`, expires_at };
    },
  );
  expect(await world.token()).toBe('ghs_1');
  await world.clock.advance(HOUR_MS);
  expect(await world.token()).toBe('ghs_2');
  const [request, second] = world.server.requests;
  expect(request).toMatchObject({ method: 'POST', path: '/app/installations/7/access_tokens' });
  expect(request?.body.length).toBe(0);
  const jwt = String(second?.headers.authorization).replace('Bearer ', '');
  const now = Math.floor(world.clock.now() / 1_000);
  const { iss, iat, exp } = await claimsOf(jwt, keys.publicKey, world.clock.now());
  expect({ iss, back: now - iat }).toEqual({ iss: '42', back: 60 });
  expect(exp - iat).toBeLessThanOrEqual(600);
});

function installation(privateKey: unknown) {
  const credentials = { appId: '42', installationId: '7', privateKey };
  return scene(
    (baseUrl, now) => gitHubApp({ baseUrl, now }) as never,
    credentials,
    (at) => ({ token: 'ghs_1', expires_at: new Date(at + HOUR_MS).toISOString() }),
  );
}

test('GitHub App: a clock that is off, and an installation that is not there yet, latch nothing', async () => {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = keys.privateKey.export({ type: 'pkcs1', format: 'pem' });
  const says = (status: number, message: string) => jsonReply(status, { message });
  for (const refusals of [
    Array.from({ length: 4 }, () =>
      says(401, "'Expiration time' claim ('exp') is too far in the future"),
    ),
    [says(404, 'Not Found')],
    [says(403, 'API Rate Limit exceeded for installation')],
  ]) {
    await using world = await installation(pem);
    world.server.refusals.push(...refusals);
    for (const _ of refusals) {
      await world.token().catch(() => {});
      await world.clock.advance(HOUR_MS);
    }
    expect(await world.token()).toBe('ghs_1');
    expect(world.server.refusals).toEqual([]);
  }
});

test('a key that is none, or of another kind, is said in words, and nothing is sent', async () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = ec.privateKey.export({ type: 'pkcs8', format: 'pem' });
  for (const privateKey of ['no-pem-of-mine', other]) {
    await using world = await installation(privateKey);
    const error: unknown = await world.token().catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID' });
    expect(String(error)).toContain('give the text of the PEM file that GitHub made');
    expect(String(error)).not.toContain('no-pem-of-mine');
    expect(world.server.requests).toEqual([]);
  }
  const key = { teamId: 'TEAM', clientId: 'com.example.app', keyId: 'K1' };
  await using world = await scene(
    (baseUrl, now) => apple({ baseUrl, now }) as never,
    { ...key, privateKey: 'no-p8-of-mine', code: 'good-code' },
    () => ({}),
  );
  await expect(world.token()).rejects.toThrow(/the \.p8 file that Apple made/);
  expect(world.server.requests).toEqual([]);
});

test('Apple: each request carries a client secret that was signed for it', async () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  await using world = await scene(
    (baseUrl, now) => apple({ baseUrl, now }) as never,
    { teamId: 'TEAM', clientId: 'com.example.app', keyId: 'K1', privateKey, code: 'good-code' },
    (at) => ({ access_token: `apple-${at}`, refresh_token: 'r1', expires_in: 3_600 }),
  );
  await world.token();
  await world.clock.advance(HOUR_MS);
  await world.token();
  const forms = world.server.requests.map(({ body }) =>
    Object.fromEntries(new URLSearchParams(body.toString())),
  );
  expect(forms.map(({ grant_type }) => grant_type)).toEqual([
    'authorization_code',
    'refresh_token',
  ]);
  expect(forms[1]).toMatchObject({ client_id: 'com.example.app', refresh_token: 'r1' });
  const at = world.clock.now();
  const claims = await claimsOf(forms[1]?.client_secret ?? '', keys.publicKey, at);
  expect(claims).toMatchObject({
    iss: 'TEAM',
    sub: 'com.example.app',
    aud: 'https://appleid.apple.com',
  });
  expect(forms[0]?.client_secret).not.toBe(forms[1]?.client_secret);
});

test('Apple: a login with a redirect URI names it again; a revocation has the client and the kind of token', async () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const login = { code: 'good-code', redirectUri: 'https://app.example/back' };
  await using world = await scene(
    (baseUrl, now) => apple({ baseUrl, now }) as never,
    { teamId: 'TEAM', clientId: 'com.example.app', keyId: 'K1', privateKey, ...login },
    () => ({ access_token: 'a1', refresh_token: 'r1', expires_in: 3_600 }),
  );
  await world.token();
  await world.clock.runUntil(world.engine.revoke('main'));
  await world.clock.advance(60_000);
  const [obtained, revoked] = world.server.requests;
  const formOf = (body: Buffer | undefined) =>
    Object.fromEntries(new URLSearchParams(String(body)));
  expect(formOf(obtained?.body)).toMatchObject({ redirect_uri: login.redirectUri });
  expect(revoked?.path).toBe('/auth/revoke');
  expect(formOf(revoked?.body)).toEqual({
    client_id: 'com.example.app',
    client_secret: expect.stringMatching(/^eyJ/),
    token: 'r1',
    token_type_hint: 'refresh_token',
  });
});
