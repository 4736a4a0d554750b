import {
  type IssuedTokens,
  PROVIDER_CONTRACT,
  type ProviderCall,
  Secret,
  TokenError,
  type TokenProvider,
  type TokenRequest,
} from '@tokenkeep/core';
import {
  basicAuthorization,
  type ClientCredentials,
  type OAuth20Credentials,
  oauth20Credentials,
  userOf,
} from './credentials.js';
import { type OAuth20Options, type OAuth20Settings, readOptions } from './options.js';
import { oauth20Profile } from './profile.js';
import {
  assertAccepted,
  isTokenRejection,
  readGrant,
  readResource,
  saysInvalidToken,
  successIn,
} from './replies.js';

/**
 * OAuth 2.0 with an access-token resource: a bearer reads it with GET, which issues the access
 * token or describes the bearer, and ends it with DELETE. The bearer is given, belongs to another
 * account (a chain), or is granted at the token endpoint.
 *
 * ```ts
 * const providers = [oauth20({ id: 'shop', baseUrl: 'https://api.example.com' })];
 * const accounts = [
 *   { provider: 'shop', account: 'eu', credentials: { bearer: accountToken('identity') } },
 * ];
 * ```
 *
 * Source: RFC 6749 sections 2.3.1, 4.3, 4.4, 5 and 6; RFC 6750 section 3.
 *
 * @throws TokenError `CONFIGURATION_INVALID` naming the option that is wrong
 */
export function oauth20(options: OAuth20Options): TokenProvider<OAuth20Credentials> {
  const settings = readOptions(options);
  return {
    contract: PROVIDER_CONTRACT,
    id: settings.id,
    profile: oauth20Profile(settings),
    credentials: oauth20Credentials(settings),
    clientId: (credentials) => ('bearer' in credentials ? undefined : credentials.clientId),

    async obtain(credentials, call) {
      if (!('bearer' in credentials))
        return grant(settings, grantForm(credentials, call), credentials, call);
      const reply = await call.send(resourceRequest(settings, 'GET', credentials.bearer));
      return readResource(successIn('foreign-bearer', reply), credentials.bearer, settings);
    },

    ...(settings.refreshToken === 'none' ? {} : { refresh: refreshWith(settings) }),

    async revoke({ accessToken }, call) {
      if (accessToken === undefined) return;
      const reply = await call.send(resourceRequest(settings, 'DELETE', accessToken));
      if (!saysInvalidToken(reply)) assertAccepted('revoke', reply);
    },

    ...(settings.resource === 'token' ? {} : { inspect: inspectWith(settings) }),

    authorize(headers, token) {
      headers.set('Authorization', `${settings.scheme} ${token.reveal()}`);
    },

    isTokenRejection,
  };
}

type Provider = Required<TokenProvider<OAuth20Credentials>>;

function refreshWith(settings: OAuth20Settings): Provider['refresh'] {
  return async (refreshToken, call, credentials) => {
    if (credentials === undefined || 'bearer' in credentials) {
      throw new TokenError(
        'CONFIGURATION_INVALID',
        `To refresh, give the account of provider ${settings.id} its clientId and clientSecret.`,
      );
    }
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken } as const;
    return grant(settings, form, credentials, call);
  };
}

/** In mode `token` there is none: asking would issue another token. */
function inspectWith(settings: OAuth20Settings): Provider['inspect'] {
  return async (accessToken, call) => {
    const reply = await call.send(resourceRequest(settings, 'GET', accessToken));
    if (saysInvalidToken(reply)) return { active: false };
    const { lifetimeMs } = readResource(successIn('own-bearer', reply), accessToken, settings);
    return { active: true, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) };
  };
}

type GrantForm = NonNullable<TokenRequest['form']> & {
  readonly grant_type: 'client_credentials' | 'password' | 'refresh_token';
};

function grantForm(credentials: ClientCredentials, { target }: ProviderCall): GrantForm {
  const { grant: grantType, scope = target.scope, parameters } = credentials;
  return { ...parameters, grant_type: grantType, ...userOf(credentials), scope };
}

async function grant(
  settings: OAuth20Settings,
  form: GrantForm,
  { clientId, clientSecret }: ClientCredentials,
  call: ProviderCall,
): Promise<IssuedTokens> {
  const client: Pick<TokenRequest, 'headers' | 'form'> =
    clientSecret === undefined
      ? { form: { ...form, client_id: clientId } }
      : { form, headers: { Authorization: basicAuthorization(clientId, clientSecret) } };
  const reply = await call.send({
    method: 'POST',
    url: `${settings.baseUrl}${settings.tokenPath}`,
    ...client,
    headers: { Accept: 'application/json', ...client.headers },
  });
  const granted = readGrant(successIn(form.grant_type, reply), settings);
  const reads = settings.readAfterGrant ?? settings.resource !== 'session';
  return reads ? throughResource(settings, granted, call) : granted;
}

/** The token behind a granted one, which is a token of our own even where it is the same. */
async function throughResource(
  settings: OAuth20Settings,
  granted: IssuedTokens,
  call: ProviderCall,
): Promise<IssuedTokens> {
  const { accessToken } = granted;
  // Not a token: the engine says so, and keeps the refresh token that came with it.
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken)) return granted;
  const bearer = new Secret(accessToken);
  try {
    const reply = await call.send(resourceRequest(settings, 'GET', bearer));
    const read = readResource(successIn('own-bearer', reply), bearer, settings);
    return {
      ...granted,
      ...read,
      tokenType: read.tokenType ?? granted.tokenType,
      lifetimeMs: read.lifetimeMs ?? granted.lifetimeMs,
      sharesUpstreamToken: false,
    };
  } catch (error) {
    // The grant is spent. What came with it must reach the store, or the rotation is lost.
    if (granted.refreshToken === undefined) throw error;
    return { ...granted, accessToken: undefined };
  }
}

function resourceRequest(
  { baseUrl, accessTokenPath, scheme }: OAuth20Settings,
  method: 'GET' | 'DELETE',
  bearer: Secret,
): TokenRequest {
  return {
    method,
    url: `${baseUrl}${accessTokenPath}`,
    headers: {
      Accept: 'application/json',
      Authorization: bearer.map((text) => `${scheme} ${text}`),
    },
  };
}
