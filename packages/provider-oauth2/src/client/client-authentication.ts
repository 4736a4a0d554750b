import { type ClientAuth, ClientSecretPost, None } from 'oauth4webapi';
import type { ClientDescription } from './client-members.js';

/** How a client without `clientProblem` says who it is: RFC 6749 section 2.3, RFC 7523 section 2.2. */
export async function clientAuthentication(
  { clientSecret, privateKey, keyId, clientAuthentication: way }: ClientDescription,
  audience: string | undefined,
): Promise<ClientAuth> {
  if (privateKey !== undefined && !way?.startsWith('client_secret')) {
    const { privateKeyJwt } = await import('./private-key.js');
    return privateKeyJwt(privateKey, keyId, { aud: audience });
  }
  if (clientSecret === undefined) return None();
  const authenticate = way === 'client_secret_post' ? ClientSecretPost : clientSecretBasic;
  return authenticate(clientSecret.reveal());
}

/**
 * RFC 6749 section 2.3.1. oauth4webapi encodes `-`, `.` and `_` as well, as in the UUID of a client: it
 * may be done, and not every server undoes it.
 */
function clientSecretBasic(secret: string): ClientAuth {
  return (_as, { client_id: id }, _body, headers) =>
    headers.set('authorization', `Basic ${btoa(`${formEncoded(id)}:${formEncoded(secret)}`)}`);
}

function formEncoded(value: string): string {
  return String(new URLSearchParams([['', value]])).slice(1);
}
