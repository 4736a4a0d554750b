import type { Secret } from '@tokenkeep/core';
import {
  type Client,
  type ClientAuth,
  DPoP,
  type DPoPHandle,
  modifyAssertion,
  PrivateKeyJwt,
} from 'oauth4webapi';
import { stated } from '../protocol/stated.js';
import { signingKeyPair } from './signing-key-pair.js';

/** RFC 7523 section 2.2. @param claims what the assertion says in place of the usual */
export async function privateKeyJwt(
  signingKey: Secret,
  kid: string | undefined,
  claims: Readonly<Record<string, string | undefined>>,
): Promise<ClientAuth> {
  const { privateKey: key } = await signingKeyPair(signingKey);
  return PrivateKeyJwt(kid === undefined ? key : { key, kid }, {
    [modifyAssertion]: (_header, payload) => void Object.assign(payload, stated(claims)),
  });
}

/** RFC 9449 section 4. */
export async function proofsWith(client: Client, signingKey: Secret): Promise<DPoPHandle> {
  return DPoP(client, await signingKeyPair(signingKey));
}
