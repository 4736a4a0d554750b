import type { ProviderProfile } from '@tokenkeep/core';
import type { OAuth2Settings } from './options.js';

export function oauth2Profile(settings: OAuth2Settings): ProviderProfile {
  return {
    apiOrigins: settings.apiOrigins ?? [new URL(settings.issuer).origin],
    renewal: 'ahead',
    refreshToken: settings.refreshToken,
    inDoubt: settings.inDoubt,
    notProcessed: settings.notProcessed,
    refreshRevokesAccessToken:
      settings.refreshRevokesAccessToken ?? settings.refreshToken !== 'none',
    revocationScope: settings.revocationScope,
    lifetime: {
      defaultMs: settings.defaultLifetimeMs,
      maxMs: settings.maxLifetimeMs,
      zeroMeans: 'invalid',
    },
    passwordLogin: settings.passwordLogin,
    budgets: settings.budgets,
  };
}
