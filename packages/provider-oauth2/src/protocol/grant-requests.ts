import { Secret, TokenError } from '@tokenkeep/core';
import {
  clientCredentialsGrantRequest,
  genericTokenEndpointRequest,
  modifyAssertion,
  PrivateKeyJwt,
} from 'oauth4webapi';
import { signingKeyPair } from '../client/signing-key.js';
import type { OAuth2Credentials, SignedAssertionCredentials } from '../credentials.js';
import { askForTokens, type Context } from './context.js';
import type { Exchanged } from './through-call.js';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The request that obtains tokens with these credentials. */
export async function askWithCredentials(
  context: Context,
  credentials: OAuth2Credentials,
): Promise<Exchanged> {
  const { as, client, authentication } = context;
  const parameters = parametersOf(context, credentials);
  switch (credentials.grant) {
    case 'client_credentials':
      return askForTokens(context, (road) =>
        clientCredentialsGrantRequest(as, client, authentication, parameters, road),
      );
    case 'password': {
      parameters.set('username', credentials.username);
      parameters.set('password', credentials.password.reveal());
      return askForTokens(context, (road) =>
        genericTokenEndpointRequest(as, client, authentication, 'password', parameters, road),
      );
    }
    case 'jwt_bearer':
      return askForTokens(context, async (road) => {
        const assertion = await assertionOf(context, credentials);
        parameters.set('assertion', assertion.reveal());
        return genericTokenEndpointRequest(
          as,
          client,
          authentication,
          JWT_BEARER,
          parameters,
          road,
        );
      });
  }
}

/** What every grant may carry: scope, the resource (RFC 8707), and what the vendor adds. */
export function parametersOf(
  { call: { target } }: Pick<Context, 'call'>,
  credentials: OAuth2Credentials | undefined,
): URLSearchParams {
  const { scope = target.scope, parameters = {} } = credentials ?? {};
  const given = { scope, resource: target.resource };
  const further = Object.entries(parameters).map(
    ([name, value]) => [name, value.reveal()] as const,
  );
  const all = { ...Object.fromEntries(further), ...given };
  return new URLSearchParams(
    Object.entries(all).filter((each): each is [string, string] => each[1] !== undefined),
  );
}

type AssertionCredentials = Extract<OAuth2Credentials, { grant: 'jwt_bearer' }>;

async function assertionOf(context: Context, credentials: AssertionCredentials): Promise<Secret> {
  return 'assertion' in credentials ? credentials.assertion : signAssertion(context, credentials);
}

/**
 * RFC 7523 section 3. oauth4webapi signs the assertions of clients, which are of the same make:
 * one is made for nobody's request, with these claims.
 */
async function signAssertion(
  { as, client, settings }: Context,
  credentials: SignedAssertionCredentials,
): Promise<Secret> {
  const { assertionKey, assertionKeyId: kid, assertionAudience } = credentials;
  const { privateKey: key } = await signingKeyPair(assertionKey);
  const sign = PrivateKeyJwt(kid === undefined ? key : { key, kid }, {
    [modifyAssertion]: (_header, payload) => {
      payload.iss = credentials.assertionIssuer;
      payload.sub = credentials.assertionSubject;
      payload.aud = assertionAudience ?? settings.assertionAudience ?? as.issuer;
    },
  });
  const form = new URLSearchParams();
  await sign(as, client, form, new Headers());
  const assertion = form.get('client_assertion');
  if (assertion === null) {
    throw new TokenError(
      'PROVIDER_PROTOCOL',
      'oauth4webapi signed nothing: another version of it?',
    );
  }
  return new Secret(assertion);
}
