import { expect, test } from '@jest/globals';
import {
  type JsonObject,
  type ProviderCall,
  Secret,
  TokenError,
  type TokenReply,
  type TokenRequest,
} from '@tokenkeep/core';
import fc from 'fast-check';
import { interleavings, timeLimitMs } from '../../../test/property-runs.js';
import { httpProvider, type ProviderDeclaration } from '../src/index.js';

const CANARY = 'canary-7f3b9d21';
const origin = 'https://id.example.com';

const whole = (): Record<string, unknown> => ({
  id: 'acme',
  baseUrl: origin,
  credentials: { user: { secret: false }, password: {}, code: { optional: true } },
  obtain: {
    needs: [],
    method: 'POST',
    url: '/login',
    query: { v: '1' },
    headers: { 'X-Code': '{credentials.code}' },
    json: { user: '{credentials.user}', password: '{credentials.password}', list: [1, '{{x}}'] },
    reply: { accessToken: 'token' },
  },
  refresh: {
    method: 'POST',
    url: '/refresh/{credentials.user}',
    headers: { Authorization: { basic: { user: '{credentials.user}', password: 'x' } } },
    form: { refresh_token: '{refreshToken}', scope: '{target.scope}' },
  },
  revoke: { url: '/revoke', form: { token: '{refreshToken}' }, revoked: [] },
  inspect: { url: '/inspect', form: { token: '{accessToken}' } },
  reply: {
    accessToken: 'access_token',
    refreshToken: 'refresh_token',
    lifetime: { at: 'expires_in', as: 'seconds' },
    metadata: { user: 'user.id' },
  },
  refused: [{ at: 'ok', is: [false] }],
  refusals: [{ status: [400], at: 'error', is: ['dead'], kind: 'grant_rejected' }],
  words: { code: 'error', description: 'message' },
  token: { header: 'Authorization', scheme: 'Bearer' },
  rejected: [{ status: [401] }],
  profile: { passwordLogin: false, budgets: [] },
});

/** Every place of the declaration above that something else can be put into. */
function pathsIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const here = [...path, name];
    return [here, [...path, 'strange'], ...pathsIn(member, here)];
  });
}

const template = fc.oneof(
  fc.constantFrom(
    '{credentials.password}',
    '{credentials.user}',
    '{refreshToken}',
    '{accessToken}',
    '{target.tenant}',
    '{first.x}',
    '{nobody}',
    '{',
    '}}',
    '/{credentials.password}/x',
    'https://{target.tenant}.example.com/x',
    'https://{credentials.password}.example.com',
    'https://evil.example/{credentials.password}',
    'http://x@y/',
    '//evil.example/x',
    '/x?y=1',
    '/../x',
    CANARY,
    `${CANARY}{credentials.user}`,
    'äöü',
    'a\r\nb: c',
  ),
  fc.string(),
);
const thing: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: template },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      undefined,
      null,
      'GET',
      'reusable',
      'none',
      'jwt-exp',
      'datetime',
      'milliseconds',
      [],
      [{ status: [500], kind: 'grant_rejected' }],
      [{ at: 'a', header: 'b' }],
      [{ present: false, at: 'x' }],
      { header: 'x-token' },
      ['a', '0'],
      { url: '/first', take: { x: 'session' } },
      { basic: { user: '{credentials.user}', password: '{credentials.password}' } },
    ),
  },
);

const paths = pathsIn(whole());
const changes = fc.array(fc.tuple(fc.constantFrom(...paths), thing), { maxLength: 4 });

function changed(edits: readonly (readonly [readonly string[], unknown])[]): ProviderDeclaration {
  const declaration = whole();
  for (const [path, value] of edits) {
    let at = declaration as Record<string, unknown>;
    for (const name of path.slice(0, -1)) {
      const next = at[name];
      if (typeof next !== 'object' || next === null) break;
      at = next as Record<string, unknown>;
    }
    at[path.at(-1) ?? ''] = value;
  }
  return declaration as unknown as ProviderDeclaration;
}

const reply = fc.record({
  status: fc.constantFrom(200, 201, 204, 400, 401, 403, 409, 429, 500, 503),
  json: fc.option(
    fc.dictionary(
      fc.constantFrom(
        'access_token',
        'token',
        'refresh_token',
        'expires_in',
        'error',
        'ok',
        'user',
      ),
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue()),
    ),
    { nil: undefined },
  ),
});

type GivenReply = { readonly status: number; readonly json: object | undefined };

function callThatGives(given: GivenReply, sent: TokenRequest[]): ProviderCall {
  const answer: TokenReply = {
    status: given.status,
    ok: given.status < 300,
    header: () => undefined,
    date: 0,
    retryAfterMs: undefined,
    text: () => '',
    jsonIfAny: () => given.json as JsonObject | undefined,
    json: () => {
      if (given.json !== undefined) return given.json as JsonObject;
      throw new TokenError('PROVIDER_PROTOCOL', 'not JSON');
    },
  };
  return {
    target: { tenant: 'acme' },
    signal: new AbortController().signal,
    nothingProcessed: () => {},
    lifetimeUntil: (endsAt) => endsAt,
    send: async (request) => {
      sent.push(request);
      return answer;
    },
  };
}

const secrets = {
  password: 'secret-password-11',
  refresh: 'secret-refresh-12',
  access: 'secret-access-13',
};

function shown(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return [message, stack, String(cause), JSON.stringify(error)].join('\n');
}

test(
  'S21 any declaration is refused in words, or makes a provider that asks once and gives nothing away',
  async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(changes, reply, async (edits, given) => {
        const declaration = changed(edits);
        let provider: ReturnType<typeof httpProvider>;
        try {
          provider = httpProvider(declaration);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'declaration' });
          expect(String((error as Error).message)).not.toContain(CANARY);
          return;
        }
        made += 1;
        const parsed = await provider.credentials['~standard'].validate({
          user: 'ada',
          password: secrets.password,
        });
        if (parsed.issues !== undefined) return;
        const credentials = parsed.value;
        const [refreshToken, accessToken] = [
          new Secret(secrets.refresh),
          new Secret(secrets.access),
        ];
        const steps = declaration.obtain?.first || declaration.refresh?.first ? 2 : 1;
        for (const run of [
          (call: ProviderCall) =>
            provider.canObtain?.(credentials) ? provider.obtain(credentials, call) : undefined,
          (call: ProviderCall) => provider.refresh?.(refreshToken, call, credentials),
          (call: ProviderCall) => provider.refresh?.(refreshToken, call, undefined),
          (call: ProviderCall) => provider.revoke?.({ accessToken, refreshToken }, call),
          (call: ProviderCall) => provider.inspect?.(accessToken, call),
        ]) {
          const sent: TokenRequest[] = [];
          try {
            await run(callThatGives(given, sent));
          } catch (error) {
            expect(TokenError.is(error)).toBe(true);
            for (const secret of Object.values(secrets)) expect(shown(error)).not.toContain(secret);
          }
          expect(sent.length).toBeLessThanOrEqual(steps);
          for (const request of sent) {
            expect(JSON.stringify(request)).not.toMatch(/secret-(password|refresh|access)-1\d/);
            const host = new URL(Secret.of(request.url).reveal()).hostname;
            expect(host).not.toMatch(/secret/);
          }
        }
      }),
      { ...interleavings, numRuns: Math.ceil(interleavings.numRuns / 2) },
    );
    expect(made).toBeGreaterThan(10);
  },
  timeLimitMs,
);
