import type { ProviderProfile } from '@tokenkeep/core';
import { loginBudgetKey } from './credentials.js';
import type { ChatAppSettings } from './options.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** ChatApp's rules: https://help.chatapp.online/en/wiki_content/access-token-retrieval/ */
export function chatAppProfile(settings: ChatAppSettings): ProviderProfile {
  const { maxLifetimeMs } = settings;
  return {
    apiOrigins: settings.apiOrigins ?? [new URL(settings.baseUrl).origin],
    renewal: 'on-demand',
    refreshToken: { singleUse: true, reuseGraceMs: settings.reuseGraceMs },
    inDoubt: settings.inDoubt,
    notProcessed: settings.notProcessed,
    refreshRevokesAccessToken: settings.refreshRevokesAccessToken,
    revocationScope: 'grant',
    lifetime: { defaultMs: maxLifetimeMs, maxMs: maxLifetimeMs, zeroMeans: 'invalid' },
    passwordLogin: true,
    budgets: [
      {
        operation: 'obtain',
        limit: 100,
        reserve: 10,
        windowMs: DAY_MS,
        burst: 5,
        refillMs: 17 * MINUTE_MS,
        key: loginBudgetKey,
      },
    ],
  };
}
