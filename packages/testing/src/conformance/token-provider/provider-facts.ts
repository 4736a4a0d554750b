import type { ProviderProfile, RefusalKind, TokenProvider } from '@tokenkeep/core';
import type { DescribedGrant, DescribedRefusal, DescribedServer } from './described-server.js';
import type { TokenProviderTests } from './token-provider-tests.js';

export type GrantOperation = 'obtain' | 'refresh';

/** What decides which rules concern a provider: its profile, its members, and the description. */
export interface ProviderFacts {
  readonly profile: ProviderProfile;
  readonly server: DescribedServer;
  readonly refreshes: boolean;
  readonly revokes: boolean;
  readonly inspects: boolean;
  /** The replies are described, and so can be varied. */
  readonly scripted: boolean;
  /** `obtain`, and `refresh` where there is one. */
  readonly grants: readonly GrantOperation[];
}

export function factsOf(provider: TokenProvider, { server }: TokenProviderTests): ProviderFacts {
  const profile = provider.profile ?? {};
  const refreshes = typeof provider.refresh === 'function' && profile.refreshToken !== 'none';
  return {
    profile,
    server,
    refreshes,
    revokes: typeof provider.revoke === 'function',
    inspects: typeof provider.inspect === 'function',
    scripted: server.obtain.ok !== undefined,
    grants: refreshes ? ['obtain', 'refresh'] : ['obtain'],
  };
}

/** How the server does one of the two, what was left out of `refresh` taken from `obtain`. */
export function grantOf(server: DescribedServer, operation: GrantOperation): DescribedGrant {
  if (operation === 'obtain') return server.obtain;
  const { refusedAs: _login, refused: _words, ...login } = server.obtain;
  return { ...login, ...server.refresh };
}

/** What a described refusal of an operation means. */
export function refusedKind(
  server: DescribedServer,
  operation: GrantOperation,
  reply: DescribedRefusal = {},
): RefusalKind {
  const usual = operation === 'obtain' ? 'credentials_rejected' : 'grant_rejected';
  return reply.as ?? grantOf(server, operation).refusedAs ?? usual;
}
