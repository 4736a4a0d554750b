import {
  type IssuedTokens,
  lifetimeFrom,
  PROVIDER_CONTRACT,
  type Secret,
  type TokenProvider,
} from '@tokenkeep/core';
import {
  introspectionRequest,
  processIntrospectionResponse,
  refreshTokenGrantRequest,
  revocationRequest,
} from 'oauth4webapi';
import { type OAuth2Credentials, oauth2Credentials } from './credentials.js';
import { logPersonIn } from './login/login.js';
import { type OAuth2Options, type OAuth2Settings, readOptions } from './options.js';
import { oauth2Profile } from './profile.js';
import { type KnownServer, knownServer } from './protocol/authorization-server.js';
import {
  askForTokens,
  type Context,
  contextOf,
  requireEndpoint,
  send,
} from './protocol/context.js';
import { askWithCredentials, parametersOf } from './protocol/grant-requests.js';
import { inProtocol } from './protocol/through-call.js';
import { assertAccepted, errorCode, isTokenRejection, readTokens, successIn } from './replies.js';

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
  return {
    contract: PROVIDER_CONTRACT,
    id: settings.id,
    profile: oauth2Profile(settings),
    credentials: oauth2Credentials(settings),

    async obtain(credentials, call) {
      const context = await contextOf(settings, server, call, credentials);
      const { reply } = await askWithCredentials(context, credentials);
      return readTokens(successIn(credentials.grant, reply), settings);
    },

    ...(settings.refreshToken === 'none' ? {} : { refresh: refreshWith(settings, server) }),
    ...(canRevoke(settings) ? { revoke: revokeWith(settings, server) } : {}),

    async inspect(accessToken, call, credentials) {
      const context = await contextOf(settings, server, call, credentials);
      return introspect(context, accessToken);
    },

    async login(interaction, call, credentials) {
      const context = await contextOf(settings, server, call, credentials);
      return logPersonIn(context, interaction, call, credentials);
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
function refreshWith(settings: OAuth2Settings, server: KnownServer): Provider['refresh'] {
  return async (refreshToken, call, credentials): Promise<IssuedTokens> => {
    const context = await contextOf(settings, server, call, credentials);
    const { as, client, authentication } = context;
    const additionalParameters = parametersOf(context, credentials);
    // RFC 6749 section 6: without it the scope stays what was granted.
    additionalParameters.delete('scope');
    const { reply } = await askForTokens(context, (road) =>
      refreshTokenGrantRequest(as, client, authentication, refreshToken.reveal(), {
        ...road,
        additionalParameters,
      }),
    );
    return readTokens(successIn('refresh_token', reply), settings);
  };
}

function canRevoke({ tokenEndpoint, revocationEndpoint }: OAuth2Settings): boolean {
  return revocationEndpoint !== false && !(tokenEndpoint && revocationEndpoint === undefined);
}

/** The refresh token first: what is left of the grant must not outlive a failure in between. */
function revokeWith(settings: OAuth2Settings, server: KnownServer): Provider['revoke'] {
  return async ({ accessToken, refreshToken }, call, credentials) => {
    const context = await contextOf(settings, server, call, credentials);
    requireEndpoint(context, 'revocation_endpoint');
    if (refreshToken !== undefined) await revoke(context, refreshToken, 'refresh_token');
    if (accessToken === undefined) return;
    await revoke(context, accessToken, 'access_token', refreshToken !== undefined);
  };
}

/** @param inVain whether it may be of a kind that this server cannot revoke, such as a JWT */
async function revoke(
  context: Context,
  token: Secret,
  hint: 'refresh_token' | 'access_token',
  inVain = false,
): Promise<void> {
  const { as, client, authentication } = context;
  const { reply } = await send(context, (road) =>
    revocationRequest(as, client, authentication, token.reveal(), {
      ...road,
      additionalParameters: { token_type_hint: hint },
    }),
  );
  const code = errorCode(reply);
  // RFC 7009 section 2.2 answers 200 for these; not every server does.
  if (code === 'invalid_token' || code === 'invalid_grant') return;
  if (inVain && code === 'unsupported_token_type') return;
  assertAccepted('endpoint', reply);
}

async function introspect(context: Context, accessToken: Secret) {
  requireEndpoint(context, 'introspection_endpoint');
  const { as, client, authentication } = context;
  const { reply, response } = await send(context, (road) =>
    introspectionRequest(as, client, authentication, accessToken.reveal(), {
      ...road,
      additionalParameters: { token_type_hint: 'access_token' },
    }),
  );
  successIn('endpoint', reply);
  const { active, exp } = await inProtocol(() =>
    processIntrospectionResponse(as, client, response),
  );
  const endsAt = lifetimeFrom(exp);
  const lifetimeMs = active ? context.call.lifetimeUntil(endsAt, reply) : undefined;
  return { active, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) };
}
