import { type Secret, TokenError } from '@tokenkeep/core';
import { clientCredentialsGrantRequest, genericTokenEndpointRequest } from 'oauth4webapi';
import type { OAuth2Credentials } from '../credentials.js';
import { askForTokens, type Context } from './context.js';
import { stated } from './stated.js';
import type { Exchanged } from './through-call.js';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The request that obtains tokens with these credentials. */
export async function askWithCredentials(
  context: Context,
  credentials: OAuth2Credentials,
): Promise<Exchanged> {
  const { parties } = context;
  const parameters = parametersOf(context);
  switch (credentials.grant) {
    case 'client_credentials':
      return askForTokens(context, (road) =>
        clientCredentialsGrantRequest(...parties, parameters, road),
      );
    case 'authorization_code':
      throw new TokenError('REAUTHORIZATION_REQUIRED', 'A person has to log in.', {
        reason: 'no_credentials',
      });
    case 'password': {
      parameters.set('username', credentials.username);
      parameters.set('password', credentials.password.reveal());
      return askForTokens(context, (road) =>
        genericTokenEndpointRequest(...parties, 'password', parameters, road),
      );
    }
    case 'jwt_bearer':
      return askForTokens(context, async (road) => {
        parameters.set('assertion', (await assertionOf(context, credentials)).reveal());
        return genericTokenEndpointRequest(...parties, JWT_BEARER, parameters, road);
      });
  }
}

/** What every grant may carry: scope, the resource (RFC 8707), and what the vendor adds. */
export function parametersOf({
  call: { target },
  credentials,
}: Pick<Context, 'call' | 'credentials'>): URLSearchParams {
  const { scope = target.scope, parameters = {} } = credentials ?? {};
  const further = Object.entries(parameters).map(([name, value]) => [name, value.reveal()]);
  return new URLSearchParams(
    stated({ ...Object.fromEntries(further), scope, resource: target.resource }),
  );
}

/** Where the scope was settled before, and is not asked for again (RFC 6749 section 6, RFC 8707). */
export function parametersButScope(context: Context): URLSearchParams {
  const parameters = parametersOf(context);
  parameters.delete('scope');
  return parameters;
}

type AssertionCredentials = Extract<OAuth2Credentials, { grant: 'jwt_bearer' }>;

async function assertionOf(context: Context, credentials: AssertionCredentials): Promise<Secret> {
  if ('assertion' in credentials) return credentials.assertion;
  // Most assertions are signed elsewhere.
  const { signedAssertion } = await import('./signed-assertion.js');
  return signedAssertion(context, credentials);
}
