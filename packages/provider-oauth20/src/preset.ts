import type { TokenProvider } from '@tokenkeep/core';
import type { OAuth20Credentials } from './credentials.js';
import type { OAuth20Options } from './options.js';
import { oauth20 } from './provider.js';

export type DigitalRiverOptions = Partial<OAuth20Options>;

/**
 * Digital River's Commerce API (https://api.digitalriver.com): the plural resource of its API
 * reference, and no second request after a token was granted, as in every public client. Source:
 * https://docs.digitalriver.com/commerce-api-references/shopper-apis/oauth/access-tokens
 *
 * ```ts
 * const engine = await createTokenEngine({
 *   store: sqliteStore({ path: 'tokens.db' }),
 *   providers: [digitalRiver()],
 *   accounts: [{ provider: 'digitalriver', account: 'shop', credentials: { clientId, clientSecret } }],
 * });
 * ```
 *
 * @throws TokenError `CONFIGURATION_INVALID` naming the option that is wrong
 */
export function digitalRiver(options: DigitalRiverOptions = {}): TokenProvider<OAuth20Credentials> {
  return oauth20({
    id: 'digitalriver',
    baseUrl: 'https://api.digitalriver.com',
    accessTokenPath: '/oauth20/access-tokens',
    tokenPath: '/oauth20/token',
    resource: 'either',
    readAfterGrant: false,
    ...options,
  });
}
