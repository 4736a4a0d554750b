import { type ProviderCall, TokenError } from '@tokenkeep/core';
import { type AuthorizationServer, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi';
import type { OAuth2Settings } from '../options.js';
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
  if (settings.tokenEndpoint === undefined) return undefined;
  const given = {
    token_endpoint: settings.tokenEndpoint,
    revocation_endpoint: settings.revocationEndpoint || undefined,
    introspection_endpoint: settings.introspectionEndpoint,
    authorization_endpoint: settings.authorizationEndpoint,
    device_authorization_endpoint: settings.deviceAuthorizationEndpoint,
  };
  const endpoints = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.freeze({ issuer: settings.issuer, ...Object.fromEntries(endpoints) });
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
