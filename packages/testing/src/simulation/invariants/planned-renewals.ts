import { createHash } from 'node:crypto';
import { defaultParameters as p } from '@tokenkeep/core';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { AccountsAtServers } from './accounts-at-servers.js';
import { Reasons } from './reasons.js';
import { type StoredAccount, storedAccount } from './stored-tokens.js';

/** Reading a clock takes time. */
const slackMs = 1_000;

/**
 * I2: nothing is renewed before its time. That is drawn once for each generation, from its name,
 * so that a fleet which began together does not renew together; and a late refusal of an older
 * token does not bring it forward.
 */
export function plannedRenewals(simulation: Simulation): Watcher {
  const accounts = new AccountsAtServers(simulation);
  const reasons = new Reasons(simulation, accounts);

  return {
    changed: (id, _before, after) => accounts.learn(id, after),
    told: (process, event, facts) => reasons.told(process, event, facts),
    sent(send) {
      const id = send.operation === 'refresh' ? accounts.idOf(send) : undefined;
      const row = id === undefined ? undefined : simulation.store.account(id);
      const profile = simulation.profileOf(send.server.origin);
      if (id === undefined || row === undefined || profile?.renewal !== 'ahead') return;
      const record = storedAccount(row);
      const { access, upstream } = record;
      const now = simulation.store.now();
      if (access === undefined || access.lifetimeMs === 0 || upstream !== undefined) return;
      if (access.issuedAt.epoch !== now.epoch || access.refused || access.ended) return;
      if ((record.sent?.sends ?? 1) > 1 || reasons.isByHand(send)) return;
      const plannedAt = access.issuedAt.ms + plannedMs(id, record, access.lifetimeMs);
      const earlyMs = Math.min(plannedAt, keepAliveAt(record) ?? plannedAt) - now.ms;
      if (earlyMs <= slackMs) return;
      simulation.violate('I2', `${id} was renewed ${Math.round(earlyMs)} ms before its time`);
    },
  };
}

/** Half of the refresh token's life after it was issued or used: using it twice helps nobody. */
function keepAliveAt({ access, refresh }: StoredAccount): number | undefined {
  if (access === undefined || refresh?.lifetimeMs === undefined) return undefined;
  return Math.max(refresh.issuedAt.ms, access.issuedAt.ms) + refresh.lifetimeMs / 2;
}

/** Lifecycle, section 2, told once more: a fifth of the life, times one to two, before its end. */
function plannedMs(id: string, { incarnation, generation }: StoredAccount, lifeMs: number): number {
  const name = createHash('sha256').update(`${id}:${incarnation}:${generation}`).digest();
  const jitter = name.readUIntBE(0, 6) / 2 ** 48;
  const endsMs = lifeMs - Math.min(p.safetyMs, lifeMs / 10);
  const mandatoryMs = Math.min(
    p.mandatoryMs,
    Math.max(lifeMs / 10, Math.min(p.mandatoryFloorMs, lifeMs / 4)),
  );
  const advisoryMs = Math.min(0.2 * lifeMs, p.advisoryMs) * (1 + jitter);
  return endsMs - Math.max(mandatoryMs, advisoryMs);
}
