import type { RefreshGrant } from '../../server/rotation/token-family.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { grantIn, storedAccount } from './stored-tokens.js';

/** A refusal without a reason is believed the third time. */
const believedAfter = 3;

/**
 * I16: no living grant is given up. A refresh token is written off only if the server refused that
 * very token, or refused three times without saying what, or once what could not be sent again.
 */
export function trueVerdicts(simulation: Simulation): Watcher {
  /** Refusals the server really said, and ones that named no reason. */
  const refused = new Set<RefreshGrant>();
  const unexplained = new Map<string, number>();

  return {
    processed({ operation, server, presentedGeneration }, { outcome, accountId }) {
      if (operation !== 'refresh' || accountId === undefined) return;
      if (outcome !== 'refused') return;
      for (const family of server.authority.truth.tokens.of(accountId)) {
        for (const { generation, refresh } of family.sets) {
          if (generation === presentedGeneration && refresh !== undefined) refused.add(refresh);
        }
      }
    },
    read({ operation, server, accountId, readStatus = 0, readHonestly }) {
      const key = `${server.origin} ${accountId}`;
      if (readHonestly && readStatus === 200) unexplained.delete(key);
      if (operation !== 'refresh' || readHonestly || (readStatus !== 400 && readStatus !== 401))
        return;
      unexplained.set(key, (unexplained.get(key) ?? 0) + 1);
    },
    changed(id, before, after) {
      const [was, is] = [before && storedAccount(before), storedAccount(after)];
      if (!is.refresh?.dead || was?.refresh?.dead) return;
      const grant = grantIn(simulation, is);
      if (grant === undefined || refused.has(grant) || !isAlive(simulation, grant)) return;
      const said = [...unexplained].some(
        ([key, times]) => key.endsWith(` ${grant.family.accountId}`) && times >= believedAfter,
      );
      // After a doubt one refusal is final, whatever it says.
      const wasDoubtful = (was?.sent?.sends ?? 0) > 1;
      if (!said && !wasDoubtful)
        simulation.violate('I16', `${id} gave up a refresh token that nobody had refused`);
    },
  };
}

function isAlive({ time }: Simulation, { dead, endsAt, usedAt, family }: RefreshGrant): boolean {
  return !dead && !family.revoked && usedAt === undefined && time.now() < endsAt;
}
