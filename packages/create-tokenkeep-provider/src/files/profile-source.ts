import type { ProviderChoices, RefreshTokenKind } from '../provider-choices.js';

const refreshTokens: Record<RefreshTokenKind, string> = {
  none: "'none'",
  reusable: "'reusable'",
  'single-use': '{ singleUse: true, reuseGraceMs: 0 }',
};

export function profileSource({ refreshToken }: ProviderChoices): string {
  return `import type { ProviderProfile } from '@tokenkeep/core';

/**
 * Facts about the server; the engine acts on them. These are the strictest: relax one only where
 * the vendor's documentation says so, and cite it.
 */
export function profileOf(baseUrl: string): ProviderProfile {
  return {
    // Where the tokens may be sent.
    apiOrigins: [new URL(baseUrl).origin],
    renewal: 'ahead',
    refreshToken: ${refreshTokens[refreshToken]},
    // What a lost reply costs: whether a token that was sent may be sent again.
    inDoubt: 'never-resend',
    // Statuses that prove that the server did nothing: 429, the default, as RFC 6585, section 4, has it.
    notProcessed: [429],
    refreshRevokesAccessToken: true,
    revocationScope: 'grant',
    // Where the server states no lifetime, and the longest that is believed.
    lifetime: { defaultMs: 300_000, maxMs: 86_400_000, zeroMeans: 'invalid' },
    passwordLogin: true,
    // Quotas of the vendor: logins a day, for example.
    budgets: [],
  };
}
`;
}
