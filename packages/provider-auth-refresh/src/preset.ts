import type { TokenProvider } from '@tokenkeep/core';
import type { AuthRefreshCredentials } from './credentials.js';
import type { AuthRefreshOptions } from './options.js';
import { authRefresh } from './provider.js';

/** What may differ from TeleTracker as its vendor documents it. */
export type TeletrackerOptions = Partial<
  Pick<
    AuthRefreshOptions,
    | 'id'
    | 'baseUrl'
    | 'apiOrigins'
    | 'refreshToken'
    | 'inDoubt'
    | 'notProcessed'
    | 'refreshRevokesAccessToken'
    | 'budgets'
  >
>;

const HOUR_MS = 3_600_000;

/**
 * TeleTracker (https://api.teletracker.net): `POST /auth/login` and a rotating
 * `POST /auth/refresh`. A used refresh token fails, so none is ever sent twice; where a rotation
 * is lost, the engine logs in again. An expired token is answered with 401 or 403. Source:
 * https://www.teletracker.net/developer-documentation/authentication/bearer-tokens/
 *
 * ```ts
 * const engine = await createTokenEngine({
 *   store: sqliteStore({ path: 'tokens.db' }),
 *   providers: [teletracker()],
 *   accounts: [{ provider: 'teletracker', account: 'fleet', credentials: { username, password } }],
 * });
 * ```
 *
 * @throws TokenError `CONFIGURATION_INVALID` naming the option that is wrong
 */
export function teletracker(
  options: TeletrackerOptions = {},
): TokenProvider<AuthRefreshCredentials> {
  return authRefresh({
    id: 'teletracker',
    baseUrl: 'https://api.teletracker.net',
    scheme: 'Bearer',
    login: {
      method: 'POST',
      path: '/auth/login',
      fields: { username: 'username', password: 'password', accountId: 'account_id' },
    },
    refresh: {
      method: 'POST',
      path: '/auth/refresh',
      token: { in: 'json', field: 'refresh_token' },
    },
    reply: {
      success: 'success',
      accessToken: 'token',
      // Not `tokenExpiration`: the vendor warns that clocks differ.
      accessLifetime: { path: 'tokenLifetime', as: 'seconds' },
      refreshToken: { in: 'json', path: 'refreshToken' },
      refreshLifetime: { path: 'refreshTokenExpiration', as: 'datetime' },
      metadata: { guid: 'guid' },
    },
    rejectionStatuses: [401, 403],
    lifetime: { defaultMs: HOUR_MS, maxMs: 24 * HOUR_MS, zeroMeans: 'invalid' },
    ...options,
  });
}
