import type { ProviderProfile } from '@tokenkeep/core';
import type { AuthRefreshSettings } from './options.js';

export function authRefreshProfile(settings: AuthRefreshSettings): ProviderProfile {
  return {
    apiOrigins: settings.apiOrigins ?? [new URL(settings.baseUrl).origin],
    renewal: 'ahead',
    refreshToken: settings.refreshToken,
    inDoubt: settings.inDoubt,
    notProcessed: settings.notProcessed,
    refreshRevokesAccessToken: settings.refreshRevokesAccessToken,
    revocationScope: 'grant',
    lifetime: settings.lifetime,
    passwordLogin: true,
    budgets: settings.budgets,
  };
}
