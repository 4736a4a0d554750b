import type { ChaosResult } from './chaos-run.js';
import type { Evidence, ServerEvidence } from './evidence.js';
import { mostLogins } from './judge/login-budget.js';
import { lostRotations } from './judge/lost-rotations.js';
import { sendsByToken } from './judge/single-send.js';
import { percentile } from './percentile.js';
import { recoveries } from './recoveries.js';
import { loginBudget } from './server-kinds.js';

/** The figures to publish, by their numbers. */
export function figures({ chaos, control, simulated }: ChaosResult): [string, string][] {
  return [
    ['1 requests per refresh token, undisturbed', sendsOf(control)],
    ['1 requests per refresh token, in chaos', sendsOf(chaos)],
    ...lossesOf(chaos),
    ['3 last byte of a reply to escrow, p50 / p99', windowsOf(chaos)],
    ...recoveries(chaos),
    ...simulated,
    ['7 most logins in a window', `${mostLogins(chaos)} of ${loginBudget.limit}`],
  ];
}

function sendsOf({ servers }: Evidence): string {
  const counts = new Map<number, number>();
  for (const server of servers) {
    if (server.refreshToken === 'reusable') continue;
    for (const sends of sendsByToken(server).values()) {
      counts.set(sends.length, (counts.get(sends.length) ?? 0) + 1);
    }
  }
  return [...counts]
    .sort(([left], [right]) => left - right)
    .map(([times, count]) => `${times}: ${count}`)
    .join(', ');
}

/** Rotations that were lost, and refresh tokens that were sent again, of all that were sent. */
function lossesOf(evidence: Evidence): [string, string][] {
  const lost = lostRotations(evidence);
  return evidence.servers
    .filter(({ refreshToken }) => refreshToken !== 'reusable')
    .map((server) => {
      const sends = [...sendsByToken(server).values()];
      const again = sends.filter(({ length }) => length > 1).length;
      const losses = lost.filter((each) => each.server === server.name);
      const rate = (count: number) =>
        `${count} (${((1e6 * count) / Math.max(1, sends.length)).toFixed(0)} in 1e6)`;
      return [
        `2 ${describe(server)}: refreshes; sent twice; lost`,
        `${sends.length}; ${rate(again)}; ${rate(losses.length)}`,
      ];
    });
}

function describe({ name, inDoubt, refreshToken, logsIn }: ServerEvidence): string {
  if (refreshToken !== 'reusable' && refreshToken.reuseGraceMs > 0) return `${name} (grace)`;
  return `${name} (strict, ${inDoubt}${logsIn ? '' : ', no login'})`;
}

function windowsOf({ escrowWindowsMs }: Evidence): string {
  return `${ms(percentile(escrowWindowsMs, 0.5))} / ${ms(percentile(escrowWindowsMs, 0.99))}`;
}

function ms(value: number | undefined): string {
  return value === undefined ? '-' : `${value.toFixed(1)} ms`;
}
