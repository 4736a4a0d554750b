import type { ProviderProfile } from '@tokenkeep/core';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';

const dayMs = 86_400_000;
/** Without a stated budget, a person's password is sent so often a day. */
const passwordLogins = 24;

/**
 * I5: logins keep to the vendor's budget in every rolling window, across processes, restarts and
 * clock steps. Those of one account, on true time, counted at the first byte.
 */
export function loginBudget(simulation: Simulation): Watcher {
  const logins = new Map<string, number[]>();

  return {
    sent({ operation, server, accountId }) {
      if (operation !== 'obtain' || accountId === undefined) return;
      const key = `${server.origin} ${accountId}`;
      const budget = budgetOf(simulation.profileOf(server.origin));
      if (budget === undefined) return;
      const recent = (logins.get(key) ?? []).filter((at) => at > simulation.now - budget.windowMs);
      logins.set(key, [...recent, simulation.now]);
      if (recent.length < budget.limit) return;
      simulation.violate('I5', `${key} logged in ${recent.length + 1} times, of ${budget.limit}`);
    },
  };
}

function budgetOf(profile: ProviderProfile | undefined) {
  const stated = profile?.budgets.find(({ operation }) => operation === 'obtain');
  if (stated !== undefined) return { limit: stated.limit, windowMs: stated.windowMs };
  return profile?.passwordLogin ? { limit: passwordLogins, windowMs: dayMs } : undefined;
}
