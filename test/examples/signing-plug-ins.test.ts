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
  protected route(): Operation {
    return 'obtain';
  }
  protected identify() {
    return {};
  }
  protected process(request: ServerRequest): Processed {
    this.requests.push(request);
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
