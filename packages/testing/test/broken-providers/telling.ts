import { connect } from 'node:net';
import { TokenError } from '@tokenkeep/core';
import { codeOf, logIn, readTokens, refusal } from './acme.js';
import { type BrokenProvider, broken } from './broken-provider.js';

const noSecret = 'no error shows a secret';
const revokeTold = 'what does not say that the token is gone is no revocation';

/** What is wrong with what a provider tells of secrets, and to whom. */
export const telling: readonly BrokenProvider[] = [
  broken(
    'revocation-quotes-token',
    'a failed revocation that quotes the token',
    { caughtBy: noSecret, prints: 'What revoke() throws shows the access token' },
    (_good, url) => ({
      revoke: async ({ accessToken }, call) => {
        if (accessToken === undefined) return;
        const json = { token: accessToken };
        const reply = await call.send({ method: 'POST', url: `${url}/logout`, json });
        if (reply.ok || codeOf(reply) === 'unknown_token') return;
        throw new TokenError('PROVIDER_UNAVAILABLE', `Cannot revoke ${accessToken.reveal()}.`);
      },
    }),
  ),
  broken(
    'revocation-throws-plain',
    'a plain Error of a failed revocation',
    { caughtBy: noSecret, prints: 'revoke() throws an Error, and no TokenError' },
    ({ revoke }) => ({
      revoke: (tokens, call, credentials) =>
        revoke(tokens, call, credentials).catch((error: { status?: number }) => {
          throw new Error(`HTTP ${error.status}`);
        }),
    }),
  ),
  broken(
    'inspection-quotes-token',
    'a failed inspection with the token in its cause',
    { caughtBy: noSecret, prints: 'What inspect() throws shows the access token' },
    ({ inspect }) => ({
      inspect: (token, call, credentials) =>
        inspect(token, call, credentials).catch((error: unknown) => {
          throw new TokenError('PROVIDER_UNAVAILABLE', 'Cannot inspect.', {
            cause: { token: token.reveal(), error },
          });
        }),
    }),
  ),
  broken(
    'quotes-reply',
    'a reply without access token, quoted with its refresh token',
    {
      caughtBy: 'a reply that lacks something is no reason to break',
      prints: 'What obtain() throws shows the refresh token',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        const issued = readTokens(reply, 'credentials_rejected', call);
        if (typeof issued.accessToken === 'string') return issued;
        throw new TokenError('PROVIDER_PROTOCOL', `No token in ${reply.text()}`);
      },
    }),
  ),
  broken(
    'password-in-bytes',
    'the bytes of the request, kept on the error',
    {
      caughtBy: 'a refused login is told by its kind',
      prints: 'What obtain() throws shows the password of the other account',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        if (reply.ok) return readTokens(reply, 'credentials_rejected', call);
        const body = Buffer.from(JSON.stringify({ password: credentials.password.reveal() }));
        throw Object.assign(refusal(reply, 'credentials_rejected'), { body });
      },
    }),
  ),
  broken(
    'password-in-metadata',
    'a password among the facts of a token',
    {
      caughtBy: 'the tokens of a reply are handed on as they stand in it',
      prints: 'obtain() returns the password in a member for facts',
    },
    ({ obtain }) => ({
      obtain: async (credentials, call) => {
        const metadata = { password: credentials.password.reveal() };
        return { ...(await obtain(credentials, call)), metadata };
      },
    }),
  ),
  broken(
    'reply-as-metadata',
    'a whole reply as the facts of a token',
    {
      caughtBy: 'the tokens of a reply are handed on as they stand in it',
      prints: 'obtain() returns the access token in a member for facts',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        const metadata = reply.json() as Record<string, string>;
        return { ...readTokens(reply, 'credentials_rejected', call), metadata };
      },
    }),
  ),
  broken(
    'logs-password',
    'a password in the console',
    {
      caughtBy: 'it asks by `call` alone, and starts nothing of its own',
      prints: 'obtain() writes the password to a log',
    },
    ({ obtain }) => ({
      obtain: (credentials, call) => {
        console.debug('login', credentials.user, credentials.password.reveal());
        return obtain(credentials, call);
      },
    }),
  ),
  broken(
    'tells-of-refusals',
    'a refusal that somebody else is told of',
    {
      caughtBy: 'a refused login is told by its kind',
      prints: 'obtain() begins a connection of its own',
    },
    ({ obtain }) => ({
      obtain: (credentials, call) =>
        obtain(credentials, call).catch((error: unknown) => {
          connect(9, '127.0.0.1').on('error', () => {});
          throw error;
        }),
    }),
  ),
  broken(
    'sleeps',
    'a pause of its own where it was too fast',
    {
      caughtBy: 'too fast is told as such, with the pause that was asked for',
      prints: 'obtain() begins a timer of its own',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        if (reply.status === 429) await new Promise((resolve) => setTimeout(resolve, 5));
        return readTokens(reply, 'credentials_rejected', call);
      },
    }),
  ),
  broken(
    'timer-at-birth',
    'a timer that begins when the provider is made',
    {
      caughtBy: 'it asks by `call` alone, and starts nothing of its own',
      prints: 'Making a provider begins a timer',
    },
    () => {
      setTimeout(() => {}, 60_000).unref();
      return {};
    },
  ),
  broken(
    'throttled-revocation',
    'a revocation that was too fast, and counts',
    { caughtBy: revokeTold, prints: 'revoke() takes HTTP 429 for a revocation' },
    ({ revoke }) => ({
      revoke: (tokens, call, credentials) =>
        revoke(tokens, call, credentials).catch((error: { status?: number }) => {
          if (error.status !== 429) throw error;
        }),
    }),
  ),
  broken(
    'any-404-revokes',
    'every 404 for a revocation',
    { caughtBy: revokeTold, prints: 'revoke() takes HTTP 404 of a proxy for a revocation' },
    ({ revoke }) => ({
      revoke: (tokens, call, credentials) =>
        revoke(tokens, call, credentials).catch((error: { status?: number }) => {
          if (error.status !== 404) throw error;
        }),
    }),
  ),
  broken(
    'second-revocation-lost',
    'a second revocation that may fail',
    {
      caughtBy: revokeTold,
      prints: 'revoke() takes HTTP 401 of a proxy of its second request for a revocation',
    },
    ({ revoke }) => ({
      revoke: async ({ accessToken, refreshToken }, call, credentials) => {
        if (accessToken !== undefined) await revoke({ accessToken }, call, credentials);
        if (refreshToken === undefined) return;
        await revoke({ accessToken: refreshToken }, call, credentials).catch(() => {});
      },
    }),
  ),
  broken(
    'revokes-access-alone',
    'a vendor who ends each token by itself, and is told of one',
    {
      caughtBy: 'a revocation names the token, and is done when the server says so',
      prints:
        'revoke() does not tell the server of the refresh token, and profile.revocationScope is "token"',
    },
    ({ profile }) => ({ profile: { ...profile, revocationScope: 'token' } }),
  ),
  broken(
    'revocation-changes-credentials',
    'a revocation that notes something in the credentials',
    {
      caughtBy: 'operations leave the credentials as they are',
      prints: 'revoke() changed the credentials it was handed',
    },
    ({ revoke }) => ({
      revoke: async (tokens, call, credentials) => {
        if (credentials !== undefined) Object.assign(credentials, { user: 'nobody' });
        return revoke(tokens, call, credentials);
      },
    }),
  ),
  broken(
    'retries-inspection',
    'an inspection that is tried again when it fails',
    {
      caughtBy: 'an inspection that failed says nothing of the token',
      prints: 'inspect() made 2 requests where 1 is described: GET /session, GET /session',
    },
    ({ inspect }) => ({
      inspect: (token, call) => inspect(token, call).catch(() => inspect(token, call)),
    }),
  ),
];
