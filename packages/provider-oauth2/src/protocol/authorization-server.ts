import type { ProviderCall } from '@tokenkeep/core';
import type { AuthorizationServer, DPoPHandle } from 'oauth4webapi';
import { furtherEndpoints, type OAuth2Settings } from '../options.js';
import { stated } from './stated.js';

/** What a provider knows of its server. None of it has to be kept: what is lost costs a request. */
export interface KnownServer {
  /** Given in the options, or asked for once in the life of the provider. */
  metadata(call: ProviderCall): Promise<AuthorizationServer>;
  /** It leads nowhere: it is asked for again next time. */
  forget(): void;
  /** By client id. They remember the nonces the server gave (RFC 9449 section 8.2). */
  readonly proofs: Map<string, DPoPHandle>;
}

export function knownServer(settings: OAuth2Settings): KnownServer {
  const stated = statedMetadata(settings);
  let known: AuthorizationServer | undefined;
  return {
    async metadata(call) {
      if (stated !== undefined) return stated;
      if (known === undefined) {
        const { discover } = await import('./discovery.js');
        known = await discover(settings.issuer, call);
      }
      return known;
    },
    forget() {
      known = undefined;
    },
    proofs: new Map(),
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
