import type { AccountConfig } from '@tokenkeep/core';

/** Accounts by number. `eager: false`: they all have rows, and the start need not make any. */
export function fleetAccount(index: number): AccountConfig {
  return { provider: 'bench', account: String(index).padStart(8, '0'), eager: false };
}

export function fleetIndex(id: string): number {
  return Number(id.slice(id.indexOf('/') + 1));
}
