import { defaultParameters as p } from '@tokenkeep/core';
import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { AccountsAtServers } from './accounts-at-servers.js';
import { storedAccount } from './stored-tokens.js';

const hourMs = 3_600_000;

/**
 * I2: token requests of one account keep to the hourly caps, whatever a clock, a caller, a crash
 * loop or a reply does. On true time, counted at the first byte.
 */
export function requestRates(simulation: Simulation): Watcher {
  const times = new Map<string, number[]>();
  const accounts = new AccountsAtServers(simulation);
  /** Accounts whose own sessions were ended: they log in anew each time. */
  const withSessions = new Set<string>();

  return {
    changed(id, _before, after) {
      accounts.learn(id, after);
      if (storedAccount(after).state === 'idle') withSessions.add(id);
    },
    sent(send) {
      const { operation, accountId, server } = send;
      if (accountId === undefined || (operation !== 'refresh' && operation !== 'obtain')) return;
      const key = `${server.origin} ${accountId}`;
      const since = simulation.now - hourMs;
      const recent = (times.get(key) ?? []).filter((at) => at > since);
      times.set(key, [...recent, simulation.now]);
      const cap = hourlyCap(send, withSessions.has(accounts.idOf(send) ?? ''));
      if (recent.length + 1 <= cap) return;
      simulation.violate('I2', `${key} made ${recent.length + 1} requests in an hour, cap ${cap}`);
    },
  };
}

/** Requests that brought a token and others have caps of their own; so have ended sessions. */
function hourlyCap({ server }: Send, hasSessions: boolean): number {
  const perHour = Math.ceil(hourMs / server.authority.rules.accessLifeMs);
  // The window of the caps moves in twelfths: what it forgets too early is one part of them.
  const sessions = hasSessions ? p.sessionCap : 0;
  const parts = Math.max(p.usableCap, 2 * perHour) + Math.max(p.otherCap, perHour) + sessions;
  return Math.ceil(parts * (1 + 1 / 12));
}
