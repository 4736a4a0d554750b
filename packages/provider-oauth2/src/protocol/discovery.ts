import { type ProviderCall, TokenError } from '@tokenkeep/core';
import { type AuthorizationServer, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi';
import { inProtocol, throughCall } from './through-call.js';

/** RFC 8414, and where that finds nothing, OpenID Connect Discovery: the older of the two places. */
export async function discover(issuer: string, call: ProviderCall): Promise<AuthorizationServer> {
  const url = new URL(issuer);
  let status = 0;
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    try {
      const { reply, response } = await throughCall(
        call,
        (road) => discoveryRequest(url, { ...road, algorithm }),
        { preliminary: true },
      );
      status = reply.status;
      if (reply.ok && reply.jsonIfAny() !== undefined) {
        const found = plausible(await inProtocol(() => processDiscoveryResponse(url, response)));
        if (found.token_endpoint !== undefined) return found;
      }
    } catch (error) {
      // Sites that know no such page send everybody to one they know.
      if (!TokenError.is(error) || error.reason !== 'redirect_refused') throw error;
      status = error.status ?? 0;
    }
    if (status === 429 || status >= 500) break;
  }
  throw new TokenError(
    'PROVIDER_UNAVAILABLE',
    `${issuer} does not say where its endpoints are (HTTP ${status}). Correct "issuer", or give ` +
      '"tokenEndpoint" and the other endpoints.',
    { retryable: true, reason: 'discovery', status },
  );
}

/** Without endpoints that are no URLs. */
function plausible(metadata: AuthorizationServer): AuthorizationServer {
  const members = Object.entries(metadata).filter(
    ([name, value]) =>
      !name.endsWith('_endpoint') || (typeof value === 'string' && URL.canParse(value)),
  );
  return Object.freeze({ issuer: metadata.issuer, ...Object.fromEntries(members) });
}
