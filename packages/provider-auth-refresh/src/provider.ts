import {
  PROVIDER_CONTRACT,
  type Secret,
  type TokenProvider,
  type TokenRequest,
} from '@tokenkeep/core';
import { type AuthRefreshCredentials, authRefreshCredentials } from './credentials.js';
import { type AuthRefreshOptions, type RefreshTokenPlace, readOptions } from './options.js';
import { authRefreshProfile } from './profile.js';
import { readTokens } from './replies.js';

/**
 * An API with a JSON login and a refresh endpoint that rotates its token: `POST /auth/login`,
 * `POST /auth/refresh`. Paths, names, the place of the refresh token and the form of lifetimes are
 * options; a preset such as `teletracker()` states them for one vendor.
 *
 * Refusals are read strictly, because a refresh token wrongly taken for dead costs a login: only
 * an explicit 401 or 403 (`success: false`) or an OAuth `invalid_grant` ends it.
 *
 * ```ts
 * authRefresh({ id: 'fleet', baseUrl: 'https://api.example.com', reply: { accessToken: 'jwt' } })
 * ```
 *
 * @throws TokenError `CONFIGURATION_INVALID` naming the option that is wrong
 */
export function authRefresh(options: AuthRefreshOptions): TokenProvider<AuthRefreshCredentials> {
  const settings = readOptions(options);
  const { id, baseUrl, login, refresh, scheme, rejectionStatuses } = settings;
  const headers = { Accept: 'application/json' };
  return {
    contract: PROVIDER_CONTRACT,
    id,
    profile: authRefreshProfile(settings),
    credentials: authRefreshCredentials,

    async obtain({ username, password, accountId }, call) {
      const { fields } = login;
      const reply = await call.send({
        method: login.method,
        url: `${baseUrl}${login.path}`,
        headers,
        json: {
          [fields.username]: username,
          [fields.password]: password,
          ...(accountId === undefined ? {} : { [fields.accountId]: accountId }),
        },
      });
      return readTokens('obtain', reply, call, settings.reply);
    },

    async refresh(refreshToken: Secret, call) {
      const reply = await call.send({
        method: refresh.method,
        url: `${baseUrl}${refresh.path}`,
        ...carrying(refreshToken, refresh.token, headers),
      });
      return readTokens('refresh', reply, call, settings.reply);
    },

    authorize(requestHeaders, token) {
      const prefix = scheme === 'bare' ? '' : `${scheme} `;
      requestHeaders.set('Authorization', prefix + token.reveal());
    },

    async isTokenRejection({ status }) {
      return rejectionStatuses.includes(status);
    },
  };
}

function carrying(
  token: Secret,
  place: RefreshTokenPlace,
  headers: Readonly<Record<string, string>>,
): Pick<TokenRequest, 'headers' | 'json'> {
  if (place.in === 'json') return { headers, json: { [place.field]: token } };
  if (place.in === 'header') return { headers: { ...headers, [place.name]: token } };
  const cookie = token.map(
    (text) => `${place.name}=${text.replace(NOT_COOKIE, encodeURIComponent)}`,
  );
  return { headers: { ...headers, Cookie: cookie } };
}

// What RFC 6265 section 4.1.1 keeps out of a cookie's value: it would end the cookie, or forge one.
const NOT_COOKIE = /[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/g;
