import { type IssuedTokens, Secret, TokenError } from '@tokenkeep/core';
import { type AcmeCredentials, logIn, readTokens } from './acme.js';
import { type BrokenProvider, broken } from './broken-provider.js';

const atOnce = 'two accounts at once get each its own tokens';
const remembers = 'each login asks the server, and an instance remembers nothing of the last';

let flight: Promise<IssuedTokens> | undefined;
let last: AcmeCredentials | undefined;
let cookie: Secret | undefined;

/** What is wrong where one account meets what another one left behind. */
export const betweenAccounts: readonly BrokenProvider[] = [
  broken(
    'one-flight',
    'refreshes that are joined, whosever they are',
    {
      caughtBy: atOnce,
      prints: 'Two refreshes at once: each account has the token of the other, or none',
    },
    ({ refresh }) => ({
      refresh: (token, call, credentials) => {
        flight ??= refresh(token, call, credentials).finally(() => {
          flight = undefined;
        });
        return flight;
      },
    }),
  ),
  broken(
    'token-between-awaits',
    'a refresh token that is put down and picked up again',
    {
      caughtBy: atOnce,
      prints: 'Two refreshes at once: one sends the refresh token of the other account',
    },
    ({ refresh }) => {
      let current: Secret | undefined;
      return {
        refresh: async (token, call, credentials) => {
          current = token;
          await undefined;
          return refresh(current, call, credentials);
        },
      };
    },
  ),
  broken(
    'last-password',
    'the last password, where an account has none',
    {
      caughtBy: remembers,
      prints: 'refresh() sends the password of the other account, of the login before it',
    },
    ({ obtain }, url) => ({
      obtain: (credentials, call) => {
        last = credentials;
        return obtain(credentials, call);
      },
      refresh: async (refresh, call, credentials = last) => {
        if (credentials === undefined) {
          throw new TokenError('CONFIGURATION_INVALID', 'Give the account its password.');
        }
        const json = { refresh, password: credentials.password };
        const reply = await call.send({ method: 'POST', url: `${url}/refresh`, json });
        return readTokens(reply, 'grant_rejected', call);
      },
    }),
  ),
  broken(
    'last-cookie',
    "the last login's session, sent along with anybody's refresh",
    {
      caughtBy: remembers,
      prints: 'refresh() sends the access token, of the login before it',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        const issued = readTokens(reply, 'credentials_rejected', call);
        const { accessToken } = issued;
        if (typeof accessToken === 'string' && /^\w+$/.test(accessToken)) {
          cookie = new Secret(`session=${accessToken}`);
        }
        return issued;
      },
      refresh: async (refresh, call) => {
        const headers = cookie === undefined ? {} : { Cookie: cookie };
        const json = { refresh };
        const reply = await call.send({ method: 'POST', url: `${url}/refresh`, headers, json });
        return readTokens(reply, 'grant_rejected', call);
      },
    }),
  ),
  broken(
    'counts-itself',
    'a request that says how often it was made',
    {
      caughtBy: remembers,
      prints:
        'obtain() of an instance that has been used sends another "request 1: headers: X-Count" than that of a new one',
    },
    (_good, url) => {
      let count = 0;
      return {
        obtain: async ({ user, password }, call) => {
          count += 1;
          const headers = { 'X-Count': `${count}` };
          const json = { user, password };
          const reply = await call.send({ method: 'POST', url: `${url}/login`, headers, json });
          return readTokens(reply, 'credentials_rejected', call);
        },
      };
    },
  ),
  broken(
    'keeps-call',
    'a `call` that is kept for the next operation',
    {
      caughtBy: remembers,
      prints: 'A request is sent by the `call` of an operation that has ended',
    },
    ({ obtain }) => {
      let kept: Parameters<typeof obtain>[1] | undefined;
      return {
        obtain: (credentials, call) => {
          kept ??= call;
          return obtain(credentials, kept);
        },
      };
    },
  ),
];
