import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { AccountsAtServers } from './accounts-at-servers.js';
import { Reasons } from './reasons.js';
import { grantIn, type StoredAccount, storedAccount } from './stored-tokens.js';

/** A token of which less is left may have ended by another clock. */
const surelyLivesMs = 60_000;

/**
 * I5: a login is spent where nothing else helps. What provably never left, or provably was not
 * processed, is not in doubt; a living refresh token is used, and a doubt waits for the end of the
 * access token.
 */
export function trueDoubts(simulation: Simulation): Watcher {
  const accounts = new AccountsAtServers(simulation);
  const reasons = new Reasons(simulation, accounts);
  /** Requests by the refresh token they presented. */
  const sends = new Map<unknown, Send[]>();

  /** Whether anything may have come of what was sent with the refresh token in a record. */
  const mayHaveRotated = (record: StoredAccount): boolean => {
    const grant = grantIn(simulation, record);
    return (sends.get(grant) ?? []).some((send) => {
      const profile = simulation.profileOf(send.server.origin);
      return !profile?.notProcessed.includes(send.readStatus ?? 0);
    });
  };

  return {
    told: (process, event, facts) => reasons.told(process, event, facts),
    changed(id, _before, after) {
      accounts.learn(id, after);
      const record = storedAccount(after);
      if (!record.sent?.ended || record.refresh?.dead || mayHaveRotated(record)) return;
      simulation.violate('I5', `${id} is in doubt, and nothing can have come of what it sent`);
    },
    sent(send) {
      const record = accounts.recordOf(send);
      const grant = record === undefined ? undefined : grantIn(simulation, record);
      if (send.operation === 'refresh' && grant !== undefined) {
        sends.set(grant, [...(sends.get(grant) ?? []), send]);
      }
      if (send.operation !== 'obtain' || record?.refresh === undefined) return;
      if (record.refresh.dead || reasons.isByHand(send)) return;
      const name = accounts.idOf(send);
      if (record.sent === undefined) {
        if (grant === undefined || !isUsable(simulation, grant) || mayHaveRotated(record)) return;
        simulation.violate('I5', `${name} logged in, and its refresh token was alive`);
        return;
      }
      if (record.sent.holder === send.process.holder.id && !sends.has(grant)) {
        simulation.violate('I5', `${name} logged in for a doubt about what it never sent`);
      }
      if (servesStill(simulation, record)) {
        simulation.violate(
          'I5',
          `${name} logged in for a doubt, and its access token served still`,
        );
      }
    },
  };
}

function isUsable(
  simulation: Simulation,
  { dead, endsAt, usedAt, family }: NonNullable<ReturnType<typeof grantIn>>,
): boolean {
  const isSpent = usedAt !== undefined || dead || family.revoked;
  return !isSpent && endsAt > simulation.time.now() + surelyLivesMs;
}

function servesStill(simulation: Simulation, { access }: StoredAccount): boolean {
  const now = simulation.store.now();
  if (access === undefined || access.issuedAt.epoch !== now.epoch) return false;
  if (access.refused || access.ended) return false;
  return access.issuedAt.ms + access.lifetimeMs > now.ms + surelyLivesMs;
}
