import { describe, expect, test } from '@jest/globals';
import { createTokenEngine, Secret, type TokenProvider } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { failureOf } from './failure-of.js';
import { plugInProfile } from './plug-in-profile.js';
import { authRefreshWorld, World } from './world.js';

const provider = {
  contract: 1,
  id: 'acme',
  profile: plugInProfile,
  credentials: {
    '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
  },
  obtain: async () => ({ accessToken: 'token' }) as unknown,
  authorize: (headers: Headers) => headers.set('authorization', 'x'),
  isTokenRejection: async () => false,
};
const account = { provider: 'acme', account: 'a', credentials: {} };
const profile = (change: object) => ({ ...provider, profile: { ...plugInProfile, ...change } });

/** Options nobody checked before: what a compiler would have refused. */
const wrongOptions: [string, unknown, RegExp][] = [
  ['nothing at all', undefined, /wants { store, providers, accounts }/],
  ['no accounts', { providers: [provider] }, /"accounts" is missing/],
  ['accounts as an object', { accounts: {} }, /"accounts" is a object and must be a list/],
  ['a name nobody knows', { acounts: [] }, /no option "acounts". Known: store, providers/],
  ['a text as keyring', { accounts: [], keyring: 'k' }, /"keyring" is a string/],
  ['a store that is none', { accounts: [], store: { name: 'x' } }, /"store" is not a store/],
  ['an account that is a text', { accounts: ['crm'] }, /An account is of type string/],
  ['an account without a name', { accounts: [{ provider: 'acme' }] }, /has no "account" name/],
  ['a number as its name', { accounts: [{ ...account, account: 17 }] }, /it is of type number/],
  ['a mistyped flag', { accounts: [{ ...account, keepalive: true }] }, /a member "keepalive"/],
  ['a flag that is a text', { accounts: [{ ...account, eager: 'yes' }] }, /"eager" is of type/],
  ['a rotation in the past', { accounts: [{ ...account, rotateEveryMs: -1 }] }, /must be above 0/],
  [
    'a promise of credentials',
    { accounts: [{ ...account, credentials: Promise.resolve({}) }] },
    /is a Promise. Give the value, or the function itself/,
  ],
  ['a provider that is none', { accounts: [], providers: [{}] }, /Is it a TokenProvider\?/],
  [
    'one for another contract',
    { accounts: [], providers: [{ ...provider, contract: 2 }] },
    /made for contract 2/,
  ],
  [
    'one without obtain',
    { accounts: [], providers: [{ ...provider, obtain: 0 }] },
    /obtain\(\) is missing/,
  ],
  [
    'one without profile',
    { accounts: [], providers: [{ ...provider, profile: 0 }] },
    /profile is missing/,
  ],
  [
    'one without a schema',
    { accounts: [], providers: [{ ...provider, credentials: {} }] },
    /Standard Schema/,
  ],
  [
    'a word that means nothing',
    { accounts: [], providers: [profile({ renewal: 'eagerly' })] },
    /profile.renewal is "eagerly" and must be "ahead" or "on-demand"/,
  ],
  [
    'refresh tokens without refresh()',
    { accounts: [], providers: [profile({ refreshToken: 'reusable' })] },
    /refresh\(\) is missing/,
  ],
  [
    'no lifetime',
    { accounts: [], providers: [profile({ lifetime: undefined })] },
    /profile.lifetime needs/,
  ],
];

describe('a host in plain JavaScript is told at once what a compiler would have said:', () => {
  test.each(wrongOptions)('%s', async (_, options, complaint) => {
    const made = createTokenEngine({ providers: [provider], ...(options as object) } as never);
    const error = await failureOf(
      options === undefined ? createTokenEngine(undefined as never) : made,
    );
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID' });
    expect(error.message).toMatch(complaint);
    await made.catch(() => {});
  });

  test('a call with the wrong arguments is a TypeError before anything is sent', async () => {
    await using world = new World();
    const { server, providers, accounts } = await authRefreshWorld(world);
    const engine = await world.engine({ providers, accounts });
    const wrong: [() => unknown, RegExp][] = [
      [() => engine.getToken(undefined as never), /asked for by its name/],
      [() => engine.getToken(5 as never), /asked for by its name/],
      [() => engine.getToken('crm', { waitMs: 'x' as never }), /numbers of milliseconds/],
      [() => engine.withToken('crm', undefined as never), /`use` is not a function/],
      [
        () => engine.on('token:renwed' as never, () => {}),
        /no event "token:renwed". Known: token:/,
      ],
      [() => engine.on('token:renewed', undefined as never), /is not a function/],
      [() => new Secret(undefined as never), /made from a string, not from undefined/],
    ];
    for (const [call, complaint] of wrong) {
      const error = await Promise.resolve()
        .then(call)
        .then(
          () => undefined,
          (thrown) => thrown,
        );
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(complaint);
    }
    expect(server.log.length).toBe(0);
  });
});

describe('a bug of a plug-in', () => {
  async function engineWith(world: World, change: object) {
    const plugin = { ...provider, ...change } as unknown as TokenProvider;
    return world.engine({ providers: [plugin], accounts: [account] });
  }

  test('is told with the place where it is, and none of its words', async () => {
    await using world = new World();
    const engine = await engineWith(world, {
      obtain: async function logInAtAcme() {
        throw new Error('the password is hunter2');
      },
    });
    const error = await failureOf(world.run(engine.getToken('a', { waitMs: 100 })));
    const told =
      error.reason === 'provider_threw' ? error : (error as Error & { cause: Error }).cause;
    expect(told.message).toMatch(
      /threw an Error instead of a TokenError, in .*logInAtAcme.*plain-javascript/,
    );
    expect(`${told.message}${told.stack}`).not.toContain('hunter2');
  });

  test.each([undefined, null, 'token', 7])(
    'that returns %s in place of tokens is said',
    async (returned) => {
      await using world = new World();
      const engine = await engineWith(world, { obtain: async () => returned });
      const error = await failureOf(world.run(engine.getToken('a', { waitMs: 100 })));
      expect(`${error.message}`).toContain('The provider returned no tokens');
    },
  );

  test('that puts no header on a request is said, and not taken for a request without token', async () => {
    await using world = new World();
    const engine = await engineWith(world, { authorize: () => ({ authorization: 'x' }) });
    const token = await world.run(engine.getToken('a'));
    expect(() => token.headers()).toThrow(/authorize\(\) of provider "acme" put no header/);
    expect(`Bearer ${token}`).toBe('Bearer [secret]');
  });

  test('that forgets to await its request ends no process', async () => {
    await using world = new World();
    const { server } = await authRefreshWorld(world);
    server.faults.always('any', fault.delay(60_000, fault.normal()));
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const engine = await engineWith(world, {
      obtain: async (_: unknown, call: { send(request: object): Promise<unknown> }) => {
        void call.send({ method: 'POST', url: `${server.url}/auth/login` });
        return { accessToken: 'token' };
      },
    });
    await world.run(engine.getToken('a'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
