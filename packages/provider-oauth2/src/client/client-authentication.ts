import { type Secret, TokenError } from '@tokenkeep/core';
import {
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
} from 'oauth4webapi';
import type { ClientDescription } from './client-members.js';
import { signingKeyPair } from './signing-key.js';

/** How this client says who it is: RFC 6749 section 2.3, RFC 7523 section 2.2. */
export async function clientAuthentication(
  client: ClientDescription,
  audience: string | undefined,
): Promise<ClientAuth> {
  const { clientSecret, privateKey, keyId } = client;
  switch (methodOf(client)) {
    case 'none':
      return None();
    case 'client_secret_basic':
      return ClientSecretBasic(given(clientSecret).reveal());
    case 'client_secret_post':
      return ClientSecretPost(given(clientSecret).reveal());
    case 'private_key_jwt': {
      const { privateKey: key } = await signingKeyPair(given(privateKey));
      return PrivateKeyJwt(keyId === undefined ? key : { key, kid: keyId }, {
        [modifyAssertion]: (_header, payload) => {
          if (audience !== undefined) payload.aud = audience;
        },
      });
    }
  }
}

function methodOf({ clientAuthentication: stated, clientSecret, privateKey }: ClientDescription) {
  if (stated !== undefined) return stated;
  if (privateKey !== undefined) return 'private_key_jwt';
  return clientSecret === undefined ? 'none' : 'client_secret_basic';
}

function given(secret: Secret | undefined): Secret {
  if (secret !== undefined) return secret;
  throw new TokenError('CONFIGURATION_INVALID', 'The client has no secret or key to show.');
}
