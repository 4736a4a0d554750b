import type { Budget, Pace, ProviderProfile } from '@tokenkeep/core';
import type { HttpCredentials } from './credentials.js';
import type { Declared } from './declaration-schema.js';
import { namesIn } from './template.js';

export function declaredProfile({ baseUrl, refresh, profile }: Declared): ProviderProfile {
  const { apiOrigins, refreshToken, budgets, pace, ...facts } = profile;
  const refreshes = refresh !== undefined;
  return {
    ...facts,
    apiOrigins: apiOrigins ?? (namesIn(baseUrl).length > 0 ? [] : [new URL(baseUrl).origin]),
    refreshToken: refreshToken ?? (refreshes ? { singleUse: true, reuseGraceMs: 0 } : 'none'),
    refreshRevokesAccessToken: refreshes && facts.refreshRevokesAccessToken,
    budgets: budgets.map(declaredBudget),
    ...(pace && { pace: pace as Pace }),
  };
}

type Given = Declared['profile']['budgets'][number];

function declaredBudget({ per, refillMs, reserve = 0, ...budget }: Given): Budget {
  return {
    ...budget,
    reserve,
    refillMs: refillMs ?? Math.ceil(budget.windowMs / budget.limit),
    key: (credentials) => JSON.stringify(per.map((name) => countedBy(credentials, name))),
  };
}

function countedBy(credentials: unknown, name: string): string {
  return String((credentials as HttpCredentials | undefined)?.[name] ?? '');
}
