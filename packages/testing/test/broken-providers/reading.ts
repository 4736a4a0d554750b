import {
  type IssuedTokens,
  lifetimeFrom,
  refusalKindByStatus,
  refuse,
  TokenError,
  type TokenReply,
} from '@tokenkeep/core';
import { codeOf, logIn, readTokens, refusal } from './acme.js';
import { type BrokenProvider, broken } from './broken-provider.js';

/** What is wrong with how a good reply is read. */
export const reading: readonly BrokenProvider[] = [
  reads(
    'token-decoded',
    'a token that is decoded as if it came from a URL',
    {
      caughtBy: 'the tokens of a reply are handed on as they stand in it',
      prints:
        'obtain() reads a text of 48 characters, which is not the access token of a good reply',
    },
    (issued) => ({ ...issued, accessToken: String(issued.accessToken).replaceAll('+', ' ') }),
  ),
  broken(
    'strict-reply',
    'a reply that must have no member but the known ones',
    {
      caughtBy: 'what a reply has besides is passed over',
      prints:
        'obtain() threw a TokenError (PROVIDER_UNAVAILABLE, ambiguous) at a reply with members it does not know',
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        const count = Object.keys(reply.jsonIfAny() ?? {}).length;
        if (reply.ok && count > 4) throw refuse('ambiguous', reply);
        return readTokens(reply, 'credentials_rejected', call);
      },
    }),
  ),
  reads(
    'breaks-at-null',
    'a TypeError where a member is missing',
    {
      caughtBy: 'a reply that lacks something is no reason to break',
      prints: 'obtain() threw a TypeError at a reply without "token"',
    },
    (issued) => ({ ...issued, accessToken: (issued.accessToken as string).normalize() }),
  ),
  broken(
    'rotation-lost',
    'a reply without access token that is thrown away with its refresh token',
    {
      caughtBy: 'a reply without a good access token still yields its refresh token',
      prints:
        'refresh() threw a TokenError (PROVIDER_UNAVAILABLE, ambiguous) for a reply whose access token is undefined: the refresh token in it is lost',
    },
    (_good, url) => ({
      refresh: async (refreshToken, call) => {
        const json = { refresh: refreshToken };
        const reply = await call.send({ method: 'POST', url: `${url}/refresh`, json });
        const issued = readTokens(reply, 'grant_rejected', call);
        if (typeof issued.accessToken !== 'string') throw refuse('ambiguous', reply);
        return issued;
      },
    }),
  ),
  reads(
    'token-trimmed',
    'a token that is trimmed',
    {
      caughtBy: 'tokens that are none are handed on or refused, and never mended',
      prints: 'obtain() makes "leading" of " leading" for the access token',
    },
    (issued) => {
      const { accessToken } = issued;
      return typeof accessToken === 'string'
        ? { ...issued, accessToken: accessToken.trim() }
        : issued;
    },
  ),
  broken(
    'same-token-refused',
    'a token that came before is taken for a mistake',
    {
      caughtBy: 'the same tokens twice are the same tokens',
      prints: 'obtain() reads undefined, which is not the access token of a good reply',
    },
    ({ obtain }) => {
      let last: unknown;
      return {
        obtain: async (credentials, call) => {
          const issued = await obtain(credentials, call);
          const accessToken = issued.accessToken === last ? undefined : issued.accessToken;
          last = issued.accessToken;
          return { ...issued, accessToken };
        },
      };
    },
  ),
  broken(
    'lifetime-needed',
    'a refresh token that is left behind where no lifetime is stated',
    {
      caughtBy: 'a reply that lacks something is no reason to break',
      prints:
        'refresh() returned undefined at a reply without "seconds": the refresh token in it is lost',
    },
    ({ refresh }) => ({
      refresh: async (token, call, credentials) => {
        const issued = await refresh(token, call, credentials);
        return issued.lifetimeMs === undefined ? { accessToken: issued.accessToken } : issued;
      },
    }),
  ),
  broken(
    'end-needed',
    'a refresh that breaks off where the refresh token has no end',
    {
      caughtBy: 'a reply that lacks something is no reason to break',
      prints:
        'refresh() threw a TokenError (PROVIDER_PROTOCOL) at a reply without "refresh_ends": the refresh token in it is lost',
    },
    ({ refresh }) => ({
      refresh: async (token, call, credentials) => {
        const issued = await refresh(token, call, credentials);
        if (issued.refreshLifetimeMs !== undefined) return issued;
        throw new TokenError('PROVIDER_PROTOCOL', 'The reply has no refresh_ends.');
      },
    }),
  ),
  broken(
    'word-handed-on',
    'the word "undefined" for a refresh token',
    {
      caughtBy: 'without a new refresh token none is handed on',
      prints: 'refresh() hands on "undefined" where the reply has no refresh token',
    },
    ({ refresh }) => ({
      refresh: async (token, call, credentials) => {
        const issued = await refresh(token, call, credentials);
        return { ...issued, refreshToken: issued.refreshToken ?? 'undefined' };
      },
    }),
  ),
  broken(
    'nothing-handed-on',
    'an empty text for a refresh token',
    {
      caughtBy: 'without a new refresh token none is handed on',
      prints: 'refresh() hands on "" where the reply has no refresh token',
    },
    ({ refresh }) => ({
      refresh: async (token, call, credentials) => {
        const issued = await refresh(token, call, credentials);
        return { ...issued, refreshToken: issued.refreshToken ?? '' };
      },
    }),
  ),
  ends(
    'end-as-never',
    'a refresh token whose end is 0, for one that never ends',
    {
      caughtBy: 'a lifetime of 0, below 0 or beyond reason is handed on as it is',
      prints:
        'refresh() reads the lifetime of the refresh token 0 (unix-seconds) as not stated, and it is over',
    },
    (read, stated) => (stated ? read : undefined),
  ),
  ends(
    'end-made-up',
    'a month where the refresh token has no end',
    {
      caughtBy: 'a lifetime that is missing or none counts as not stated',
      prints:
        'refresh() reads the lifetime of the refresh token undefined (unix-seconds) as 2592000000 ms, and it is not stated',
    },
    (read) => read ?? 2_592_000_000,
  ),
  broken(
    'old-token-handed-on',
    'a used refresh token that is handed on as a new one',
    {
      caughtBy: 'without a new refresh token none is handed on',
      prints: 'refresh() hands on the refresh token it was given as if it were a new one',
    },
    ({ refresh }) => ({
      refresh: async (token, call, credentials) => {
        const issued = await refresh(token, call, credentials);
        return { ...issued, refreshToken: issued.refreshToken ?? token.reveal() };
      },
    }),
  ),
  broken(
    'old-secret-handed-on',
    'a used refresh token that is handed on as it came in',
    {
      caughtBy: 'without a new refresh token none is handed on',
      prints: 'refresh() hands on the refresh token it was given as if it were a new one',
    },
    ({ refresh }) => ({
      refresh: async (token, call, credentials) => {
        const issued = await refresh(token, call, credentials);
        return { ...issued, refreshToken: issued.refreshToken ?? token };
      },
    }),
  ),
  lives(
    'seconds-as-milliseconds',
    'seconds that are read as milliseconds',
    {
      caughtBy: 'a stated lifetime is read in its unit, as a number and as text',
      prints: 'obtain() reads the lifetime 3600 (seconds) as 3600 ms, and it is 3600000 ms',
    },
    (seconds) => lifetimeFrom(seconds, 1),
  ),
  lives(
    'lifetime-mended',
    'a lifetime of 0 that is replaced by an hour',
    {
      caughtBy: 'a lifetime of 0, below 0 or beyond reason is handed on as it is',
      prints: 'obtain() reads the lifetime 0 (seconds) as 3600000 ms, and it is 0 ms',
    },
    (seconds) => lifetimeFrom(seconds === 0 ? 3_600 : seconds),
  ),
  lives(
    'lifetime-made-up',
    'an hour where no lifetime is stated',
    {
      caughtBy: 'a lifetime that is missing or none counts as not stated',
      prints: 'obtain() reads the lifetime undefined (seconds) as 3600000 ms, and it is not stated',
    },
    (seconds) => lifetimeFrom(seconds) ?? 3_600_000,
  ),
  broken(
    'ends-mixed-up',
    'the end of the access token for that of the refresh token',
    {
      caughtBy: 'each of two lifetimes is that of its own token',
      prints: 'obtain() reads a life of 3600000 ms for the refresh token, and not of 604800000 ms',
    },
    ({ obtain }) => ({
      obtain: async (credentials, call) => {
        const issued = await obtain(credentials, call);
        return { ...issued, refreshLifetimeMs: issued.lifetimeMs };
      },
    }),
  ),
  broken(
    'own-clock',
    "an end on the server's clock that is compared with the machine's",
    {
      caughtBy: "an end on the server's clock is read by that clock",
      prints:
        "obtain() reads a life of the refresh token of 615600000 ms where the server's clock is 3 h ahead, and not of 604800000 ms",
    },
    (_good, url) => ({
      obtain: async (credentials, call) => {
        const reply = await logIn(url, credentials, call);
        const issued = readTokens(reply, 'credentials_rejected', call);
        const { refresh_ends: ends } = reply.jsonIfAny() ?? {};
        const now = 1_735_689_600_000;
        return { ...issued, refreshLifetimeMs: (lifetimeFrom(ends) ?? now) - now };
      },
    }),
  ),
  says(
    'refused-as-ambiguous',
    'a wrong password that is told as a refusal of an unknown kind',
    {
      caughtBy: 'a refused login is told by its kind',
      prints: 'obtain() says ambiguous where the login is wrong, and not credentials_rejected',
    },
    (reply) => refuse(refusalKindByStatus(reply.status), reply, { code: codeOf(reply) }),
  ),
  broken(
    'dead-as-wrong-login',
    'a dead refresh token that is told as a wrong password',
    {
      caughtBy: 'a dead refresh token is told by its kind',
      prints:
        'refresh() says credentials_rejected where the refresh token is dead, and not grant_rejected',
    },
    (_good, url) => ({
      refresh: async (refreshToken, call) => {
        const json = { refresh: refreshToken };
        const reply = await call.send({ method: 'POST', url: `${url}/refresh`, json });
        return readTokens(reply, 'credentials_rejected', call);
      },
    }),
  ),
  says(
    'retry-after-lost',
    'Retry-After that is left behind',
    {
      caughtBy: 'too fast is told as such, with the pause that was asked for',
      prints:
        'obtain() tells of a pause of undefined ms where Retry-After asks for 7 s, in seconds',
    },
    (reply) => refusal({ ...reply, retryAfterMs: undefined }, 'credentials_rejected'),
  ),
  says(
    'rejected-by-5xx',
    'every refusal of a login is one of its credentials, also HTTP 500',
    {
      caughtBy: 'a server that fails is unavailable, and rejects nobody',
      prints: 'obtain() says credentials_rejected at HTTP 500 (html), and not unavailable',
    },
    (reply) => refuse('credentials_rejected', reply),
  ),
  says(
    'rejected-by-proxy',
    'a 401 without a word that rejects the credentials',
    {
      caughtBy: 'a refusal without words rejects nobody',
      prints:
        'obtain() calls HTTP 401 of a proxy (html) credentials_rejected: the vendor said nothing',
    },
    (reply) =>
      reply.status === 401
        ? refuse('credentials_rejected', reply)
        : refusal(reply, 'credentials_rejected'),
  ),
  says(
    'rejected-by-object',
    'a 401 with any object that rejects the credentials',
    {
      caughtBy: 'a refusal without words rejects nobody',
      prints:
        'obtain() calls HTTP 401 of a proxy (json) credentials_rejected: the vendor said nothing',
    },
    (reply) =>
      reply.status === 401 && reply.jsonIfAny() !== undefined
        ? refuse('credentials_rejected', reply)
        : refusal(reply, 'credentials_rejected'),
  ),
  tells(
    'dead-by-422',
    'a 422 without a word that ends the grant',
    {
      caughtBy: 'a refusal without words rejects nobody',
      prints: 'refresh() calls HTTP 422 of a proxy (html) grant_rejected: the vendor said nothing',
    },
    ({ status }) => status === 422,
  ),
  tells(
    'dead-by-520',
    'a status that nobody knows, which ends the grant',
    {
      caughtBy: 'a server that fails is unavailable, and rejects nobody',
      prints: 'refresh() says grant_rejected at HTTP 520 (html), and not unavailable',
    },
    ({ status }) => status > 504,
  ),
  tells(
    'dead-by-throttling',
    'a refresh that was too fast, told as a dead refresh token',
    {
      caughtBy: 'too fast is told as such, with the pause that was asked for',
      prints:
        'refresh() says grant_rejected where the server says in its words that it was too fast, and not throttled or quota_exceeded',
    },
    (reply) => codeOf(reply) === 'slow_down',
  ),
  tells(
    'dead-by-client',
    'a wrong client that ends the grant',
    {
      caughtBy: 'a refusal of the client ends no grant',
      prints:
        'refresh() says grant_rejected at HTTP 400 invalid_client: the refresh token may live',
    },
    (reply) => codeOf(reply) === 'invalid_client',
  ),
  tells(
    'dead-by-unknown-client',
    'a word of its own for the client, told like the others',
    {
      caughtBy: 'a dead refresh token is told by its kind',
      prints:
        'refresh() says grant_rejected where the refresh token is dead, and not client_rejected',
    },
    (reply) => codeOf(reply) === 'unknown_client',
  ),
  broken(
    'logs-in-by-itself',
    'a refresh that logs in where the refresh token is dead',
    {
      caughtBy: 'a dead refresh token is told by its kind',
      prints: 'refresh() sent POST /refresh, POST /login where POST /refresh is described',
    },
    ({ refresh, obtain }) => ({
      refresh: (token, call, credentials) =>
        refresh(token, call, credentials).catch((error: unknown) => {
          if (credentials === undefined || !TokenError.is(error, 'REAUTHORIZATION_REQUIRED')) {
            throw error;
          }
          return obtain(credentials, call).catch(() => {
            throw error;
          });
        }),
    }),
  ),
];

/** Reads the reply of a login like this. */
function reads(
  id: string,
  title: string,
  expected: Pick<BrokenProvider, 'caughtBy' | 'prints'>,
  change: (issued: IssuedTokens) => IssuedTokens,
): BrokenProvider {
  return broken(id, title, expected, ({ obtain }) => ({
    obtain: async (credentials, call) => change(await obtain(credentials, call)),
  }));
}

/** Reads the lifetime in the reply of a login like this. */
function lives(
  id: string,
  title: string,
  expected: Pick<BrokenProvider, 'caughtBy' | 'prints'>,
  lifetime: (seconds: unknown) => number | undefined,
): BrokenProvider {
  return broken(id, title, expected, (_good, url) => ({
    obtain: async (credentials, call) => {
      const reply = await logIn(url, credentials, call);
      const issued = readTokens(reply, 'credentials_rejected', call);
      return { ...issued, lifetimeMs: lifetime(reply.jsonIfAny()?.seconds) };
    },
  }));
}

/** Reads the life of the refresh token in the reply of a refresh like this. */
function ends(
  id: string,
  title: string,
  expected: Pick<BrokenProvider, 'caughtBy' | 'prints'>,
  change: (read: number | undefined, stated: unknown) => number | undefined,
): BrokenProvider {
  return broken(id, title, expected, (_good, url) => ({
    refresh: async (refreshToken, call) => {
      const json = { refresh: refreshToken };
      const reply = await call.send({ method: 'POST', url: `${url}/refresh`, json });
      const issued = readTokens(reply, 'grant_rejected', call);
      const refreshLifetimeMs = change(issued.refreshLifetimeMs, reply.jsonIfAny()?.refresh_ends);
      return { ...issued, refreshLifetimeMs };
    },
  }));
}

/** Tells the refusal of a refresh like this. */
function tells(
  id: string,
  title: string,
  expected: Pick<BrokenProvider, 'caughtBy' | 'prints'>,
  isDead: (reply: TokenReply) => boolean,
): BrokenProvider {
  return broken(id, title, expected, (_good, url) => ({
    refresh: async (refreshToken, call) => {
      const json = { refresh: refreshToken };
      const reply = await call.send({ method: 'POST', url: `${url}/refresh`, json });
      if (isDead(reply)) throw refuse('grant_rejected', reply, { code: codeOf(reply) });
      return readTokens(reply, 'grant_rejected', call);
    },
  }));
}

/** Tells the refusal of a login like this. */
function says(
  id: string,
  title: string,
  expected: Pick<BrokenProvider, 'caughtBy' | 'prints'>,
  error: (reply: Parameters<typeof refusal>[0]) => Error,
): BrokenProvider {
  return broken(id, title, expected, (_good, url) => ({
    obtain: async (credentials, call) => {
      const reply = await logIn(url, credentials, call);
      if (!reply.ok) throw error(reply);
      return readTokens(reply, 'credentials_rejected', call);
    },
  }));
}
