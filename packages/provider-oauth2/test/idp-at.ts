import type { LoginInteraction } from '@tokenkeep/core';
import { type OAuth2Options, oauth2 } from '@tokenkeep/provider-oauth2';

/** The provider `idp`, of a server at this URL, whose endpoints nobody has to ask for. */
export function idpAt(url: string, options: Partial<OAuth2Options> = {}) {
  return oauth2({
    id: 'idp',
    issuer: url,
    tokenEndpoint: `${url}/token`,
    deviceAuthorizationEndpoint: `${url}/device`,
    ...options,
  });
}

/** A person who has no browser here. */
export function byCode(showCode: LoginInteraction['showCode']): LoginInteraction {
  return { way: 'code', browse: () => Promise.reject(new Error('no browser')), showCode };
}
