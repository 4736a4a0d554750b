import { type ClientAuth, ClientSecretBasic, ClientSecretPost, None } from 'oauth4webapi';
import type { ClientDescription } from './client-members.js';
import { privateKeyJwt } from './private-key-jwt.js';

/** How a client without `clientProblem` says who it is: RFC 6749 section 2.3, RFC 7523 section 2.2. */
export async function clientAuthentication(
  { clientSecret, privateKey, keyId, clientAuthentication: way }: ClientDescription,
  audience: string | undefined,
): Promise<ClientAuth> {
  if (privateKey !== undefined && !way?.startsWith('client_secret')) {
    return privateKeyJwt(privateKey, keyId, { aud: audience });
  }
  if (clientSecret === undefined) return None();
  const authenticate = way === 'client_secret_post' ? ClientSecretPost : ClientSecretBasic;
  return authenticate(clientSecret.reveal());
}
