import { type IssuedTokens, type LoginInteraction, TokenError } from '@tokenkeep/core';
import {
  AuthorizationResponseError,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomState,
  validateAuthResponse,
} from 'oauth4webapi';
import { askForTokens, type Context } from '../protocol/context.js';
import { parametersButScope, parametersOf } from '../protocol/grant-requests.js';
import { inProtocol } from '../protocol/through-call.js';
import { tokensOfLogin } from './tokens-of-login.js';

/** RFC 6749 section 4.1 with PKCE (RFC 7636), for a host that can be reached by a browser. */
export async function loginByBrowser(
  context: Context,
  interaction: LoginInteraction,
): Promise<IssuedTokens> {
  const { parties, settings, call } = context;
  const codeVerifier = generateRandomCodeVerifier();
  const state = generateRandomState();
  let { redirectUri } = settings;
  const page = {
    redirectUri,
    urlFor: (uri: string) => {
      redirectUri = uri;
      return authorizationUrl(context, { redirectUri, state, codeVerifier });
    },
  };
  const cameBackTo = await interaction.browse(page, call.signal);
  const parameters = await inProtocol(() => answerIn(context, cameBackTo, state));
  const { reply } = await askForTokens(context, (road) =>
    authorizationCodeGrantRequest(...parties, parameters, redirectUri, codeVerifier, {
      ...road,
      additionalParameters: parametersButScope(context),
    }),
  );
  return tokensOfLogin('authorization_code', reply, settings);
}

interface Question {
  readonly redirectUri: string;
  readonly state: string;
  readonly codeVerifier: string;
}

async function authorizationUrl(
  context: Context,
  { redirectUri, state, codeVerifier }: Question,
): Promise<string> {
  const { as, client, settings, dpop } = context;
  const url = new URL(as.authorization_endpoint ?? '');
  const asked = parametersOf(context);
  // OpenID Connect Core section 11: otherwise offline_access is ignored.
  const isOffline = asked.get('scope')?.split(' ').includes('offline_access');
  const parameters = {
    ...(isOffline && { prompt: 'consent' }),
    ...settings.authorizationParameters,
    ...Object.fromEntries(asked),
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    state,
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    // RFC 9449 section 10: the code is of no use to whoever has not the key.
    ...(dpop === undefined ? {} : { dpop_jkt: await dpop.calculateThumbprint() }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** @throws TokenError the refusal, of the person or of the server */
function answerIn({ as, client }: Context, cameBackTo: URL, state: string): URLSearchParams {
  try {
    return validateAuthResponse(as, client, cameBackTo, state);
  } catch (error) {
    if (!(error instanceof AuthorizationResponseError)) throw error;
    const { error: providerCode, error_description: providerMessage } = error;
    throw new TokenError(
      providerCode === 'access_denied'
        ? 'REAUTHORIZATION_REQUIRED'
        : 'CONFIGURATION_CLIENT_REJECTED',
      `The authorization server refused the login (${providerCode}).`,
      {
        reason: 'login_refused',
        providerCode,
        ...(providerMessage === undefined ? {} : { providerMessage }),
      },
    );
  }
}
