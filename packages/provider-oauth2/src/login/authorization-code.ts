import type { IssuedTokens, LoginInteraction } from '@tokenkeep/core';
import {
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomState,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from 'oauth4webapi';
import type { OAuth2Credentials } from '../credentials.js';
import { askForTokens, type Context } from '../protocol/context.js';
import { parametersOf } from '../protocol/grant-requests.js';
import { inProtocol } from '../protocol/through-call.js';
import { readTokens, successIn } from '../replies.js';

/** RFC 6749 section 4.1 with PKCE (RFC 7636), for a host that can be reached by a browser. */
export async function loginByBrowser(
  context: Context,
  interaction: LoginInteraction,
  credentials: OAuth2Credentials | undefined,
): Promise<IssuedTokens> {
  const { as, client, authentication, settings, call } = context;
  const codeVerifier = generateRandomCodeVerifier();
  const state = generateRandomState();
  let { redirectUri } = settings;
  const page = {
    redirectUri,
    urlFor: (uri: string) => {
      redirectUri = uri;
      return authorizationUrl(context, { redirectUri, state, codeVerifier, credentials });
    },
  };
  const cameBackTo = await interaction.browse(page, call.signal);
  const parameters = await inProtocol(() => validateAuthResponse(as, client, cameBackTo, state));
  const { reply, response } = await askForTokens(context, (road) =>
    authorizationCodeGrantRequest(
      as,
      client,
      authentication,
      parameters,
      redirectUri,
      codeVerifier,
      { ...road, additionalParameters: resourceOf(context, credentials) },
    ),
  );
  const json = successIn('authorization_code', reply);
  await inProtocol(() => processAuthorizationCodeResponse(as, client, response));
  return readTokens(json, settings);
}

interface Question {
  readonly redirectUri: string;
  readonly state: string;
  readonly codeVerifier: string;
  readonly credentials: OAuth2Credentials | undefined;
}

async function authorizationUrl(
  context: Context,
  { redirectUri, state, codeVerifier, credentials }: Question,
): Promise<string> {
  const { as, client, settings, dpop } = context;
  const url = new URL(as.authorization_endpoint ?? '');
  const parameters = {
    ...settings.authorizationParameters,
    ...Object.fromEntries(parametersOf(context, credentials)),
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

/** The scope was settled on the page; the resource is said again (RFC 8707 section 2.2). */
function resourceOf(context: Context, credentials: OAuth2Credentials | undefined) {
  const parameters = parametersOf(context, credentials);
  parameters.delete('scope');
  return parameters;
}
