import { type ProviderCall, TokenError } from '@tokenkeep/core';
import { type AuthorizationServer, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi';
import { furtherEndpoints, type OAuth2Settings } from '../options.js';
import { stated } from './stated.js';
import { inProtocol, throughCall } from './through-call.js';

/** The server's metadata: given in the options, or asked for once in the life of the provider. */
export interface KnownServer {
  metadata(call: ProviderCall): Promise<AuthorizationServer>;
  /** An endpoint is not there any more: it is asked for again next time. */
  forget(): void;
}

export function knownServer(settings: OAuth2Settings): KnownServer {
  const stated = statedMetadata(settings);
  let known: AuthorizationServer | undefined;
  return {
    async metadata(call) {
      if (stated !== undefined) return stated;
      known ??= await discover(settings.issuer, call);
      return known;
    },
    forget() {
      known = undefined;
    },
  };
}

function statedMetadata(settings: OAuth2Settings): AuthorizationServer | undefined {
  const { issuer, tokenEndpoint } = settings;
  if (tokenEndpoint === undefined) return undefined;
  const others = Object.entries(furtherEndpoints).map(([member, option]) => [
    member,
    settings[option] || undefined,
  ]);
  return Object.freeze({
    issuer,
    token_endpoint: tokenEndpoint,
    ...stated(Object.fromEntries(others)),
  });
}

/** RFC 8414, and where that finds nothing, OpenID Connect Discovery: the older of the two places. */
async function discover(issuer: string, call: ProviderCall): Promise<AuthorizationServer> {
  const preliminary = true;
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    const { reply, response } = await throughCall(
      call,
      (road) => discoveryRequest(new URL(issuer), { ...road, algorithm }),
      { preliminary },
    );
    if (reply.ok) {
      reply.json();
      return Object.freeze(
        await inProtocol(() => processDiscoveryResponse(new URL(issuer), response)),
      );
    }
    const elsewhere = reply.status === 404 && algorithm === 'oauth2';
    if (!elsewhere) throw noMetadata(issuer, reply.status);
  }
  throw noMetadata(issuer, 404);
}

function noMetadata(issuer: string, status: number): TokenError {
  return new TokenError(
    'PROVIDER_UNAVAILABLE',
    `${issuer} does not say where its endpoints are (HTTP ${status}). Correct "issuer", or give ` +
      '"tokenEndpoint" and the other endpoints.',
    { retryable: true, reason: 'discovery', status },
  );
}
