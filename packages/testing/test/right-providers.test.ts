import { describe, expect, test } from '@jest/globals';
import {
  lifetimeFrom,
  type ProviderCall,
  Secret,
  type TokenProvider,
  type TokenReply,
} from '@tokenkeep/core';
import type { SampleTokens, TokenProviderTests } from '@tokenkeep/testing/conformance';
import { z } from 'zod';
import {
  type Acme,
  type AcmeCredentials,
  acme,
  logIn,
  readTokens,
  refusal,
} from './broken-providers/acme.js';
import { acmeDescription } from './broken-providers/acme-description.js';
import { failuresOf } from './broken-providers/failures-of.js';

type Description = Omit<TokenProviderTests, 'test' | 'provider'>;
type Server = Description['server'];

/** What only Acme has. */
const {
  revoke: _revoke,
  inspect: _inspect,
  refreshLifetime: _ends,
  ...plain
} = acmeDescription.server;

/** Acme, were it to write its replies in another way. */
function reads(read: (reply: TokenReply) => ReturnType<typeof readTokens>) {
  return (good: Acme, url: string): Partial<TokenProvider<AcmeCredentials>> => ({
    revoke: undefined as never,
    inspect: undefined as never,
    profile: good.profile,
    obtain: async (given, call) => {
      const reply = await logIn(url, given, call);
      if (!reply.ok) throw refusal(reply, 'credentials_rejected');
      return read(reply);
    },
    refresh: async (refresh, call) => {
      const reply = await call.send({ method: 'POST', url: `${url}/refresh`, json: { refresh } });
      if (!reply.ok) throw refusal(reply, 'grant_rejected');
      return read(reply);
    },
  });
}

const answers = (ok: Server['obtain']['ok'] & {}, more: Partial<Server> = {}): Description => ({
  ...acmeDescription,
  server: { ...plain, ...more, obtain: { ...plain.obtain, ok } },
});

const inForm = ({ access, refresh, lifetime }: SampleTokens) => {
  const members = Object.entries({ token: access, refresh, seconds: lifetime });
  const stated = members.filter(([, value]) => value !== undefined && value !== null);
  return {
    body: new URLSearchParams(
      Object.fromEntries(stated.map(([name, value]) => [name, `${value}`])),
    ).toString(),
  };
};

const headerText = /^[\x21-\x7e]+$/;
const inHeaders = ({ access, refresh, lifetime }: SampleTokens) => {
  const lines = Object.entries({ 'x-token': access, 'x-refresh': refresh, 'x-seconds': lifetime });
  const sent = lines.map(([name, value]) => [name, String(value ?? '')] as const);
  return { headers: Object.fromEntries(sent.filter(([, value]) => headerText.test(value))) };
};

async function twoSteps(url: string, { user, password }: AcmeCredentials, call: ProviderCall) {
  const first = await call.send({ method: 'POST', url: `${url}/login`, json: { user } });
  if (!first.ok) throw refusal(first, 'credentials_rejected');
  return call.send({ method: 'POST', url: `${url}/login`, json: { password } });
}

const right: readonly (readonly [
  what: string,
  change: (good: Acme, url: string) => Partial<TokenProvider<AcmeCredentials>>,
  description: Description,
])[] = [
  [
    'that reads a form',
    reads((reply) => {
      const found = new URLSearchParams(reply.text());
      const member = (name: string) => found.get(name) ?? undefined;
      return {
        accessToken: member('token'),
        refreshToken: member('refresh'),
        lifetimeMs: lifetimeFrom(member('seconds')),
      };
    }),
    answers(inForm),
  ],
  [
    'that reads headers',
    reads((reply) => ({
      accessToken: reply.header('x-token'),
      refreshToken: reply.header('x-refresh'),
      lifetimeMs: lifetimeFrom(reply.header('x-seconds')),
    })),
    answers(inHeaders),
  ],
  [
    'that returns no token where there is none',
    reads((reply) => {
      const { token, refresh, seconds } = reply.jsonIfAny() ?? {};
      return { accessToken: token, refreshToken: refresh, lifetimeMs: lifetimeFrom(seconds) };
    }),
    answers(({ access, refresh, lifetime }) => ({
      body: { token: access, refresh, seconds: lifetime },
    })),
  ],
  [
    'whose tokens are Secrets already, and live for minutes',
    reads((reply) => {
      const { token, refresh, minutes } = reply.json();
      const secret = (text: unknown) => (typeof text === 'string' ? new Secret(text) : text);
      return {
        accessToken: secret(token),
        refreshToken: secret(refresh),
        lifetimeMs: lifetimeFrom(minutes, 60_000),
      };
    }),
    answers(
      ({ access, refresh, lifetime }) => ({ body: { token: access, refresh, minutes: lifetime } }),
      { lifetime: 'minutes' },
    ),
  ],
  [
    'with two steps on one path',
    (_good, url) => ({
      obtain: async (given, call) =>
        readTokens(await twoSteps(url, given, call), 'credentials_rejected', call),
    }),
    {
      ...acmeDescription,
      server: {
        ...acmeDescription.server,
        obtain: {
          ...plain.obtain,
          ok: () => ({ body: { challenge: 'abc' } }),
          followedBy: [{ request: 'POST /login', ok: acmeDescription.server.obtain.ok as never }],
        },
        refresh: {
          ...plain.refresh,
          ok: acmeDescription.server.obtain.ok as never,
          followedBy: [],
        },
      },
    },
  ],
  [
    'that sends the token as Basic, and judges replies at once',
    () => ({
      authorize: (headers, token) => {
        const basic = Buffer.from(`${token.reveal()}:`).toString('base64');
        headers.set('Authorization', `Basic ${basic}`);
      },
      isTokenRejection: ((reply: { status: number }) => reply.status === 401) as never,
    }),
    {
      ...acmeDescription,
      server: { ...acmeDescription.server, api: { rejected: { status: 401 } } },
    },
  ],
  [
    'that sends the token as an encoded cookie, and takes keys of two kinds',
    () => ({
      authorize: (headers, token) =>
        headers.set('Cookie', `session=${encodeURIComponent(token.reveal())}`),
      credentials: z.strictObject({
        user: z.string().optional(),
        password: z
          .union([z.string(), z.record(z.string(), z.unknown())])
          .transform((key) => new Secret(typeof key === 'string' ? key : JSON.stringify(key))),
      }) as never,
    }),
    {
      ...acmeDescription,
      server: {
        ...acmeDescription.server,
        api: {
          rejected: acmeDescription.server.api.rejected,
          denied: acmeDescription.server.api.denied ?? [],
        },
      },
    },
  ],
];

test.each(right)('a provider %s passes', async (_what, change, description) => {
  const make = (url: string) => {
    const provider = { ...acme(url), ...change(acme(url), url) } as TokenProvider;
    const members = Object.entries(provider).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members) as unknown as TokenProvider;
  };
  expect(await failuresOf(make, undefined, description)).toEqual([]);
});

test('credentials that may all be left out are credentials', async () => {
  const make = (url: string) => ({
    ...acme(url),
    credentials: z.strictObject({ user: z.string().optional(), password: z.string().optional() }),
  });
  const rule = 'credentials that are none are refused by the schema';
  expect(await failuresOf(make as never, rule)).toEqual([]);
});

describe('what is wrong with a description is said in words', () => {
  const { server } = acmeDescription;
  test.each<[string, object]>([
    ['describe server.', { server: undefined }],
    ['describe server.obtain.', { server: { ...server, obtain: undefined } }],
    ['describe server.api.', { server: { ...server, api: undefined } }],
    ['server has "throtled"', { server: { ...server, throtled: [] } }],
    ['status is "401"', { server: { ...server, throttled: { status: '401' } } }],
    ['wrongCredentials are the credentials', { wrongCredentials: acmeDescription.credentials }],
    ['secrets has "pasword"', { secrets: ['pasword'] }],
    ['shorter than 8', { credentials: { user: 'ada', password: 'pw' } }],
    ['server.url is "localhost:3000"', { server: { ...server, url: 'localhost:3000' } }],
    ['and not like "POST /login"', { server: { ...server, revoke: { request: 'logout' } } }],
  ])('%s', async (words, change) => {
    const described = { ...acmeDescription, ...change } as Description;
    await expect(failuresOf(acme as never, 'none', described)).rejects.toThrow(words);
  });

  test.each<[string, unknown]>([
    ['server.obtain.ok threw', () => Object.assign(undefined as never, {})],
    ['server.obtain.ok is async', async () => ({})],
    ['what server.obtain.ok returns has "token"', () => ({ token: 'x' })],
  ])('%s', async (words, ok) => {
    const described = {
      ...acmeDescription,
      server: { ...server, obtain: { ...server.obtain, ok } },
    };
    const rule = 'the tokens of a reply are handed on as they stand in it';
    const [failure] = await failuresOf(acme as never, rule, described as never);
    expect(failure?.message).toContain(words);
  });

  test('a server that is not there', async () => {
    const { ok: _ok, ...obtain } = server.obtain;
    const described = {
      ...acmeDescription,
      server: { ...server, obtain, url: 'http://127.0.0.1:9' },
    };
    const rule = 'each operation asks what the description says, and no more';
    const [failure] = await failuresOf(acme as never, rule, described);
    expect(failure?.message).toContain(
      'your server at http://127.0.0.1:9 did not answer POST /login',
    );
  });

  test('credentials that the schema refuses are one cause, told once', async () => {
    const strict = (url: string) => ({ ...acme(url), credentials: z.strictObject({}) });
    const failures = await failuresOf(strict as never, undefined);
    const told = failures.filter(({ sentence }) => !sentence.startsWith('Not tried: '));
    expect(told.map(({ rule }) => rule)).toEqual([
      'the credentials of the description pass the schema',
    ]);
  });
});
