import { refuse, Secret } from '@tokenkeep/core';
import { z } from 'zod';
import { type AcmeCredentials, logIn, readTokens } from './acme.js';
import { type BrokenProvider, broken } from './broken-provider.js';

/** What shows where an engine lives with the provider. */
export const inAnEngine: readonly BrokenProvider[] = [
  broken(
    'refresh-token-dropped',
    'a login that leaves its refresh token behind',
    {
      caughtBy: 'in an engine a crowd costs one login, and the end of a token one renewal',
      prints: 'Logins and refreshes after the end of a token: 2 and 0, and not 1 and 1',
    },
    ({ obtain }) => ({
      obtain: async (credentials, call) => {
        const { refreshToken: _left, ...issued } = await obtain(credentials, call);
        return issued;
      },
    }),
  ),
  broken(
    'dead-as-ambiguous',
    'a dead refresh token that is told as a refusal of an unknown kind',
    {
      caughtBy: 'in an engine a dead refresh token costs one login',
      prints: 'The engine hands out no token: PROVIDER_UNAVAILABLE (ambiguous)',
    },
    (_good, url) => ({
      refresh: async (refreshToken, call) => {
        const json = { refresh: refreshToken };
        const reply = await call.send({ method: 'POST', url: `${url}/refresh`, json });
        return readTokens(reply, 'ambiguous', call);
      },
    }),
  ),
  broken(
    'wrong-login-as-throttled',
    'a wrong password that is told as too fast',
    {
      caughtBy: 'in an engine a wrong login is tried once',
      prints:
        'The engine says a TokenError (PROVIDER_THROTTLED, throttled) where the login is wrong',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        if (!reply.ok) throw refuse('throttled', reply);
        return readTokens(reply, 'credentials_rejected', call);
      },
    }),
  ),
  broken(
    'wrong-member-marked',
    'a schema that marks the user as secret, and the password not',
    {
      caughtBy: 'in an engine no error shows a secret, also where the server echoes it',
      prints: 'The error of the engine shows the password, which the server echoed',
    },
    (_good, url) => ({
      credentials: z.strictObject({
        user: z.string().transform((text) => new Secret(text)),
        password: z.string(),
      }) as never,
      obtain: async (credentials, call) => {
        const { user, password } = credentials as unknown as Record<keyof AcmeCredentials, string>;
        const json = { user, password };
        const reply = await call.send({ method: 'POST', url: `${url}/login`, json });
        return readTokens(reply, 'credentials_rejected', call);
      },
    }),
  ),
  broken(
    'revokes-half',
    'a revocation only where there is no refresh token',
    {
      caughtBy: 'in an engine a revocation ends the tokens at the server',
      prints: 'The server was not told of the end of a token',
    },
    ({ revoke }) => ({
      revoke: async (tokens, call) => {
        if (tokens.refreshToken === undefined) await revoke(tokens, call);
      },
    }),
  ),
];
