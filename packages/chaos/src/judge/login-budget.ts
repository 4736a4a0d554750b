import { mostInWindow } from '@tokenkeep/testing';
import { byAccount, type Evidence } from '../evidence.js';
import type { Verdict } from './verdict.js';

/** I5: logins keep to the vendor's quota in every rolling window, across kills and clock steps. */
export function loginBudgets(evidence: Evidence): Verdict {
  const broken: string[] = [];
  let looked = 0;
  for (const server of evidence.servers) {
    const { limit, windowMs } = server.loginBudget;
    for (const [account, entries] of byAccount(server)) {
      const logins = entries.filter(({ operation }) => operation === 'obtain');
      looked += logins.length;
      const most = mostInWindow(logins, windowMs);
      if (most > limit) broken.push(`${account} logged in ${most} times in one window of ${limit}`);
    }
  }
  return { promise: 'I5', says: 'logins, against the quota', looked, broken };
}

/** The most logins of any account in one window. */
export function mostLogins({ servers }: Evidence): number {
  const counts = servers.flatMap((server) =>
    [...byAccount(server).values()].map((entries) =>
      mostInWindow(
        entries.filter(({ operation }) => operation === 'obtain'),
        server.loginBudget.windowMs,
      ),
    ),
  );
  return Math.max(0, ...counts);
}
