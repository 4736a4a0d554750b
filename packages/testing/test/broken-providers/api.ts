import { codeOf } from './acme.js';
import { type BrokenProvider, broken } from './broken-provider.js';

const authorizes = 'the token is put on a request whole, and nothing else is touched';

/** What is wrong with calls to the API, and with the end of a token. */
export const api: readonly BrokenProvider[] = [
  broken(
    'rejection-missed',
    'a dead token that is looked for at 403',
    {
      caughtBy: 'a dead token is recognised by what the API says of it',
      prints: 'isTokenRejection() says no to HTTP 401, which the description has for a dead token',
    },
    () => ({ isTokenRejection: async ({ status }) => status === 403 }),
  ),
  broken(
    'permission-as-rejection',
    'every 401 and 403 for a dead token',
    {
      caughtBy: 'what the token does not allow is no dead token',
      prints: 'isTokenRejection() takes HTTP 401 ({"error":"not_for_you"}) for a dead token',
    },
    () => ({ isTokenRejection: async ({ status }) => status === 401 || status === 403 }),
  ),
  broken(
    'api-must-speak-json',
    'an API whose body must be an object',
    {
      caughtBy: 'an API that does not speak JSON is judged all the same',
      prints: 'isTokenRejection() throws a TypeError at HTTP 200 with a body that is no JSON',
    },
    () => ({
      isTokenRejection: async (reply) => {
        const { error } = (await reply.json()) as { error: string };
        return reply.status === 401 && error === 'unknown_token';
      },
    }),
  ),
  broken(
    'token-encoded',
    'a token that is percent-encoded into its header',
    {
      caughtBy: authorizes,
      prints: 'authorize() puts the token into no header, or changes it on the way',
    },
    () => ({
      authorize: (headers, token) =>
        headers.set('Authorization', `Bearer ${encodeURIComponent(token.reveal())}`),
    }),
  ),
  broken(
    'bearer-missing',
    'a token without the word before it',
    { caughtBy: authorizes, prints: 'authorize() writes no line like Authorization: Bearer *' },
    () => ({ authorize: (headers, token) => headers.set('Authorization', token.reveal()) }),
  ),
  broken(
    'token-appended',
    'a token that is added to the one before',
    {
      caughtBy: 'the next token takes the place of the last one',
      prints: 'authorize() leaves the old token in the header authorization',
    },
    () => ({
      authorize: (headers, token) => headers.append('Authorization', `Bearer ${token.reveal()}`),
    }),
  ),
  broken(
    'revokes-nothing',
    'a revocation that only forgets',
    {
      caughtBy: 'a revocation names the token, and is done when the server says so',
      prints: 'revoke() ends without having told the server of either token',
    },
    () => ({ revoke: async () => {} }),
  ),
  broken(
    'revokes-once',
    'an unknown token that fails its revocation',
    {
      caughtBy: 'a token that the server does not know counts as revoked',
      prints:
        'revoke() throws an Error at HTTP 404, with which the server says that it does not know the token',
    },
    ({ revoke }, url) => ({
      revoke: async (tokens, call) => {
        const { accessToken } = tokens;
        if (accessToken === undefined) return revoke(tokens, call);
        const json = { token: accessToken };
        const reply = await call.send({ method: 'POST', url: `${url}/logout`, json });
        if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
      },
    }),
  ),
  broken(
    'any-401-revokes',
    'every 401 for a revocation',
    {
      caughtBy: 'what does not say that the token is gone is no revocation',
      prints: 'revoke() takes HTTP 401 of a proxy for a revocation',
    },
    (_good, url) => ({
      revoke: async ({ accessToken }, call) => {
        if (accessToken === undefined) return;
        const json = { token: accessToken };
        const reply = await call.send({ method: 'POST', url: `${url}/logout`, json });
        if (!reply.ok && reply.status !== 401 && codeOf(reply) !== 'unknown_token') {
          throw new Error(`HTTP ${reply.status}`);
        }
      },
    }),
  ),
  broken(
    'revokes-undefined',
    'a token that is not there, sent as a word',
    {
      caughtBy: 'a revocation is of the tokens there are',
      prints: 'revoke() sends the word "undefined" for the refresh token alone',
    },
    ({ revoke }, url) => ({
      revoke: async (tokens, call) => {
        if (tokens.accessToken !== undefined) return revoke(tokens, call);
        const form = { token: `${tokens.accessToken}` };
        await call.send({ method: 'POST', url: `${url}/logout`, form });
      },
    }),
  ),
  broken(
    'always-active',
    'a dead token that is inspected as living',
    {
      caughtBy: 'an inspection says what the server says',
      prints: 'inspect() says active: true of a dead token',
    },
    ({ inspect }) => ({
      inspect: async (token, call) => ({ ...(await inspect(token, call)), active: true }),
    }),
  ),
  broken(
    'outage-as-dead',
    'an outage that is taken for a dead token',
    {
      caughtBy: 'an inspection that failed says nothing of the token',
      prints: 'inspect() returns {"active":false} where the server failed (status 500)',
    },
    ({ inspect }) => ({
      inspect: (token, call) => inspect(token, call).catch(() => ({ active: false })),
    }),
  ),
];
