import { get } from 'node:http';
import { connect } from 'node:net';
import { type IssuedTokens, Secret, TokenError, type TokenReply } from '@tokenkeep/core';
import { logIn, readTokens } from './acme.js';
import { type BrokenProvider, broken } from './broken-provider.js';

/** What is wrong with what a provider does when something goes wrong, and in between. */
export const conduct: readonly BrokenProvider[] = [
  broken(
    'retries',
    'a login that is tried again when it fails',
    {
      caughtBy: 'a request is never repeated, whatever came of it',
      prints: 'obtain() sent 2 requests where the first one met HTTP 429: POST /login, POST /login',
    },
    ({ obtain }) => ({
      obtain: (credentials, call) =>
        obtain(credentials, call).catch(() => obtain(credentials, call)),
    }),
  ),
  broken(
    'retries-lost-replies',
    'a refresh token that is sent again when the reply is lost',
    {
      caughtBy: 'a request is never repeated, whatever came of it',
      prints:
        'refresh() sent 2 requests where the first one met a reply that was lost: POST /refresh, POST /refresh',
    },
    ({ refresh }) => ({
      refresh: (token, call, credentials) =>
        refresh(token, call, credentials).catch((error: { reason?: string }) => {
          if (error.reason !== 'reset') throw error;
          return refresh(token, call, credentials);
        }),
    }),
  ),
  broken(
    'retries-unsent',
    'a refresh that is tried again where nothing was sent',
    {
      caughtBy: 'a request is never repeated, whatever came of it',
      prints: 'refresh() sent 2 requests where the first one was not sent at all',
    },
    ({ refresh }) => ({
      refresh: (token, call, credentials) =>
        refresh(token, call, credentials).catch((error: { status?: number }) => {
          if (!TokenError.is(error, 'PROVIDER_UNAVAILABLE') || error.status !== undefined)
            throw error;
          return refresh(token, call, credentials);
        }),
    }),
  ),
  broken(
    'retries-502',
    'a refresh that is tried again after a 502',
    {
      caughtBy: 'a server that fails is unavailable, and rejects nobody',
      prints: 'refresh() made 2 requests where 1 is described: POST /refresh, POST /refresh',
    },
    ({ refresh }) => ({
      refresh: (token, call, credentials) =>
        refresh(token, call, credentials).catch((error: { status?: number }) => {
          if (error.status !== 502) throw error;
          return refresh(token, call, credentials);
        }),
    }),
  ),
  broken(
    'retries-409',
    'a login that is tried again after a 409',
    {
      caughtBy: 'a refusal without words rejects nobody',
      prints: 'obtain() made 2 requests where 1 is described: POST /login, POST /login',
    },
    ({ obtain }) => ({
      obtain: (credentials, call) =>
        obtain(credentials, call).catch((error: { status?: number }) => {
          if (error.status !== 409) throw error;
          return obtain(credentials, call);
        }),
    }),
  ),
  broken(
    'retries-odd-success',
    'a login that is tried again where the reply has no token',
    {
      caughtBy: 'a reply that lacks something is no reason to break',
      prints: 'obtain() made 2 requests where 1 is described: POST /login, POST /login',
    },
    ({ obtain }) => ({
      obtain: async (credentials, call) => {
        const issued = await obtain(credentials, call);
        return typeof issued.accessToken === 'string' ? issued : obtain(credentials, call);
      },
    }),
  ),
  broken(
    'wrapped-error',
    'an error of its own in place of the one that send() threw',
    {
      caughtBy: 'what call.send threw is thrown on',
      prints:
        'obtain() throws an Error in place of what call.send() threw at a reply that was lost, a TokenError (PROVIDER_OUTCOME_UNKNOWN, reset)',
    },
    ({ obtain }) => ({
      obtain: (credentials, call) =>
        obtain(credentials, call).catch((cause: unknown) => {
          throw new Error('Could not log in', { cause });
        }),
    }),
  ),
  broken(
    'follows-redirects',
    'a redirect that is followed, with the password',
    {
      caughtBy: 'a request is never repeated, whatever came of it',
      prints:
        'obtain() sent 2 requests where the first one met a redirect: POST /login, POST /elsewhere',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const { user, password } = credentials;
        const reply = await logIn(url, credentials, call).catch((error: { reason?: string }) => {
          if (error.reason !== 'redirect_refused') throw error;
          const json = { user, password };
          return call.send({ method: 'POST', url: `${url}/elsewhere`, json });
        });
        return readTokens(reply, 'credentials_rejected', call);
      },
    }),
  ),
  broken(
    'own-error-class',
    'a plain Error for a refusal',
    {
      caughtBy: 'whatever comes back, what is thrown is a TokenError',
      prints: 'obtain() throws an Error at HTTP 429, and no TokenError',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
        return readTokens(reply, 'credentials_rejected', call);
      },
    }),
  ),
  broken(
    'lenient-json',
    'a body that is parsed by JSON.parse',
    {
      caughtBy: 'a success that cannot be read is no success',
      prints: 'obtain() throws a SyntaxError at half an object, and not PROVIDER_PROTOCOL',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        const lenient: TokenReply = { ...reply, json: () => JSON.parse(reply.text()) };
        return readTokens(lenient, 'credentials_rejected', call);
      },
    }),
  ),
  broken(
    'waits-on',
    'a login that does not end with its request',
    {
      caughtBy: 'a hanging server is waited for as long as `call` waits, and no longer',
      prints:
        'obtain() did not end within the limit of an operation: it waits for something that is no reply (POST /login)',
    },
    ({ obtain }) => ({
      obtain: (credentials, call) =>
        obtain(credentials, call).catch(() => new Promise<IssuedTokens>(() => {})),
    }),
  ),
  broken(
    'asks-after-abort',
    'a login that is tried again when it was aborted',
    {
      caughtBy: 'an operation that is aborted ends at once, and asks nothing more',
      prints: 'obtain() asks again after it was aborted',
    },
    ({ obtain }) => ({
      obtain: (credentials, call) =>
        obtain(credentials, call).catch((error: unknown) => {
          if (call.signal.aborted) return obtain(credentials, call);
          throw error;
        }),
    }),
  ),
  broken(
    'quotes-password',
    'an error that quotes the password',
    {
      caughtBy: 'no error shows a secret',
      prints: 'What obtain() throws at a refusal shows the password',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        if (!reply.ok) throw new Error(`${credentials.password.reveal()} is not accepted`);
        return readTokens(reply, 'credentials_rejected', call);
      },
    }),
  ),
  broken(
    'fetches',
    'a login by fetch()',
    {
      caughtBy: 'it asks by `call` alone, and starts nothing of its own',
      prints: 'The server met 1 request of obtain(), and call.send() was handed 0 requests',
    },
    (_good, url) => ({
      obtain: async ({ user, password }) => {
        const body = JSON.stringify({ user, password: password.reveal() });
        const reply = await fetch(`${url}/login`, { method: 'POST', body });
        const { token, refresh } = (await reply.json()) as Record<string, unknown>;
        return { accessToken: token, refreshToken: refresh };
      },
    }),
  ),
  broken(
    'asks-beside',
    'a look at the session beside `call`',
    {
      caughtBy: 'it asks by `call` alone, and starts nothing of its own',
      prints: 'The server met 2 requests of inspect(), and call.send() was handed 1 request',
    },
    ({ inspect }, url) => ({
      inspect: async (token, call) => {
        await new Promise((resolve) => get(`${url}/session`, resolve).on('error', resolve));
        return inspect(token, call);
      },
    }),
  ),
  broken(
    'tells-others',
    'a connection to somebody else',
    {
      caughtBy: 'it asks by `call` alone, and starts nothing of its own',
      prints: 'obtain() begins a connection of its own',
    },
    ({ obtain }) => ({
      obtain: async (credentials, call) => {
        connect(9, '127.0.0.1').on('error', () => {});
        return obtain(credentials, call);
      },
    }),
  ),
  broken(
    'timer-left',
    'a timer that renews by itself',
    {
      caughtBy: 'it asks by `call` alone, and starts nothing of its own',
      prints: 'obtain() begins a timer of its own',
    },
    ({ obtain }) => ({
      obtain: async (credentials, call) => {
        const issued = await obtain(credentials, call);
        setTimeout(() => {}, 60_000).unref();
        return issued;
      },
    }),
  ),
  broken(
    'machine-clock',
    "a lifetime by the machine's clock",
    {
      caughtBy: 'the clock of the machine changes nothing',
      prints: 'refresh() reads another lifetime where the clock of the machine is 400 days ahead',
    },
    ({ refresh }) => ({
      refresh: async (token, call, credentials) => {
        const issued = await refresh(token, call, credentials);
        const endsAt = Date.now() + 3_600_000;
        return { ...issued, lifetimeMs: endsAt - Date.UTC(2025, 0, 1) };
      },
    }),
  ),
  broken(
    'one-account',
    'credentials that are kept in the provider, for whoever asks next',
    {
      caughtBy: 'two accounts at once get each its own tokens',
      prints: 'Two logins at once: each account has the token of the other, or none',
    },
    ({ obtain }) => {
      let pending: Promise<IssuedTokens> | undefined;
      return {
        obtain: (credentials, call) => {
          pending ??= obtain(credentials, call).finally(() => {
            pending = undefined;
          });
          return pending;
        },
      };
    },
  ),
  broken(
    'caches',
    'a login that answers from memory',
    {
      caughtBy: 'each login asks the server, and an instance remembers nothing of the last',
      prints: 'obtain() asks nobody when it is called again',
    },
    ({ obtain }) => {
      let kept: IssuedTokens | undefined;
      return {
        obtain: async (credentials, call) => {
          kept ??= await obtain(credentials, call);
          return kept;
        },
      };
    },
  ),
  broken(
    'keeps-password',
    'a member that keeps the last password',
    {
      caughtBy: 'a provider that has worked shows no secret when it is printed',
      prints: 'The provider keeps the password in a member after a login',
    },
    ({ obtain }) => {
      const state: { password?: string } = {};
      const keeping = async (...[credentials, call]: Parameters<typeof obtain>) => {
        state.password = credentials.password.reveal();
        return obtain(credentials, call);
      };
      return { obtain: keeping, state } as object;
    },
  ),
  broken(
    'needs-credentials',
    'a refresh that breaks where the account has no credentials',
    {
      caughtBy: 'a refresh without credentials works, or says in words what is missing',
      prints:
        'refresh() throws a TypeError where there are no credentials, and not CONFIGURATION_INVALID',
    },
    ({ refresh }) => ({
      refresh: (token, call, credentials) => {
        const { user } = credentials as { user: string };
        return refresh(token, call, { user, password: new Secret(user) });
      },
    }),
  ),
];
