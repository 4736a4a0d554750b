import { PROVIDER_CONTRACT, type TokenProvider } from '@tokenkeep/core';
import { refreshTokenGrantRequest } from 'oauth4webapi';
import { canObtain, type OAuth2Credentials, oauth2Credentials } from './credentials.js';
import { type OAuth2Options, type OAuth2Settings, readOptions } from './options.js';
import { oauth2Profile } from './profile.js';
import { knownServer } from './protocol/authorization-server.js';
import { askForTokens, type ContextFor, contextOf } from './protocol/context.js';
import { askWithCredentials, parametersButScope } from './protocol/grant-requests.js';
import { isTokenRejection, readTokens, successIn } from './replies.js';

/**
 * An OAuth 2.0 authorization server that keeps to the RFCs. The client stands in the options, or in
 * an account's credentials; accounts whose owner is a person have none, and log in through
 * `engine.login(account, { interaction })` or `tokenkeep login`.
 *
 * ```ts
 * const providers = [oauth2({ id: 'crm', issuer: 'https://id.example.com', clientId, clientSecret })];
 * const accounts = [{ provider: 'crm', account: 'reports', credentials: {} }];
 * ```
 *
 * Source: RFC 6749, 7009, 7523, 7636, 7662, 8252, 8414, 8628, 8707, 9207, 9449.
 *
 * @throws TokenError `CONFIGURATION_INVALID` naming the option that is wrong
 */
export function oauth2(options: OAuth2Options): TokenProvider<OAuth2Credentials> {
  const settings = readOptions(options);
  const server = knownServer(settings);
  const contextFor: ContextFor = (call, credentials) =>
    contextOf(settings, server, call, credentials);
  return {
    contract: PROVIDER_CONTRACT,
    id: settings.id,
    profile: oauth2Profile(settings),
    credentials: oauth2Credentials(settings),
    canObtain,
    clientId: ({ clientId }) => clientId,

    async obtain(credentials, call) {
      const { reply } = await askWithCredentials(await contextFor(call, credentials), credentials);
      return readTokens(successIn(credentials.grant, reply), settings);
    },

    ...(settings.refreshToken !== 'none' && { refresh: refreshWith(contextFor) }),

    // What few need is loaded when it is asked for.
    ...(canRevoke(settings) && {
      async revoke(tokens, call, credentials) {
        const { revokeTokens } = await import('./revocation/revoke.js');
        return revokeTokens(await contextFor(call, credentials), tokens);
      },
    }),

    async inspect(accessToken, call, credentials) {
      const { introspect } = await import('./introspection/introspect.js');
      return introspect(await contextFor(call, credentials), accessToken);
    },

    async login(interaction, call, credentials) {
      const { logPersonIn } = await import('./login/login.js');
      return logPersonIn(contextFor, interaction, call, credentials);
    },

    authorize(headers, token) {
      const scheme = token.tokenType.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer';
      headers.set('Authorization', `${scheme} ${token.reveal()}`);
    },

    isTokenRejection,
  };
}

type Provider = Required<TokenProvider<OAuth2Credentials>>;

/** The request is oauth4webapi's; the reply is the engine's to judge, see `readTokens`. */
function refreshWith(contextFor: ContextFor): Provider['refresh'] {
  return async (refreshToken, call, credentials) => {
    const context = await contextFor(call, credentials);
    const { reply } = await askForTokens(context, (road) =>
      refreshTokenGrantRequest(...context.parties, refreshToken.reveal(), {
        ...road,
        additionalParameters: parametersButScope(context),
      }),
    );
    return readTokens(successIn('refresh_token', reply), context.settings);
  };
}

function canRevoke({ tokenEndpoint, revocationEndpoint }: OAuth2Settings): boolean {
  return revocationEndpoint !== false && !(tokenEndpoint && revocationEndpoint === undefined);
}
