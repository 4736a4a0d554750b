import type { ProviderProfile } from '@tokenkeep/core';
import type { OAuth20Settings } from './options.js';

export function oauth20Profile(settings: OAuth20Settings): ProviderProfile {
  return {
    apiOrigins: settings.apiOrigins ?? [new URL(settings.baseUrl).origin],
    renewal: 'ahead',
    refreshToken: settings.refreshToken,
    inDoubt: settings.inDoubt,
    notProcessed: settings.notProcessed,
    refreshRevokesAccessToken:
      settings.refreshRevokesAccessToken ?? settings.refreshToken !== 'none',
    revocationScope: 'token',
    lifetime: {
      defaultMs: settings.defaultLifetimeMs,
      maxMs: settings.maxLifetimeMs,
      zeroMeans: 'invalid',
    },
    passwordLogin: settings.passwordLogin,
    budgets: settings.budgets,
  };
}
