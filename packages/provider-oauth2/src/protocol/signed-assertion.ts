import { Secret, TokenError } from '@tokenkeep/core';
import { privateKeyJwt } from '../client/private-key.js';
import type { SignedAssertionCredentials } from '../credentials.js';
import type { Context } from './context.js';

/**
 * RFC 7523 section 3. oauth4webapi signs the assertions of clients, which are of the same make:
 * one is made for nobody's request, with these claims.
 */
export async function signedAssertion(
  { as, client, settings }: Pick<Context, 'as' | 'client' | 'settings'>,
  credentials: SignedAssertionCredentials,
): Promise<Secret> {
  const { assertionKey, assertionKeyId, assertionIssuer, assertionSubject } = credentials;
  const { assertionAudience = settings.assertionAudience ?? as.issuer } = credentials;
  const sign = await privateKeyJwt(assertionKey, assertionKeyId, {
    iss: assertionIssuer,
    sub: assertionSubject,
    aud: assertionAudience,
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
