import type { IssuedSet } from '../../server/rotation/token-family.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import {
  accessIn,
  lifeOf,
  type StoredAccount,
  serverOf,
  setOf,
  storedAccount,
} from './stored-tokens.js';

/** How long another process may not have heard of it: a view of 1 s, and the way to the store. */
const heardWithinMs = 3_000;
/** Within what a process knows that its machine slept (F12): till then it counts without the nap. */
const noticedWithinMs = 1_000;

/** How far two clocks run apart at most, as a part of the time that passes. */
const mostDrift = 4e-4;

/** Something ended the tokens of an account up to this one. */
interface Ending {
  readonly at: number;
  readonly life: number;
  readonly generation: number;
  readonly why: string;
}

/**
 * I3: nobody is handed a token past its end, past its revocation, or past the replacement of a
 * refused one. I8: nobody is handed another account's token.
 *
 * The end is the server's own, on true time: the engine has only a lifetime and its own clock.
 */
export function nothingEnded(simulation: Simulation): Watcher {
  const endings = new Map<string, Ending>();
  /** The same by token, for accounts that hand out the token of another one. */
  const endedSets = new Map<IssuedSet, Ending>();
  const owners = new Map<string, string>();
  /** Ends of tokens whose server garbled what it said of their lives: nobody knows the true ones. */
  const unknownEnds = new Map<IssuedSet, number>();

  return {
    read({ server, entry, readStatus, readHonestly }) {
      if (readHonestly || readStatus !== 200 || entry === undefined) return;
      const sets = server.authority.truth.tokens.of(entry.accountId ?? '');
      const issued = sets.flatMap((family) => family.sets);
      const set = issued.find(({ generation }) => generation === entry.generation);
      const { defaultMs = 0 } = simulation.profileOf(server.origin)?.lifetime ?? {};
      if (set === undefined) return;
      unknownEnds.set(set, Math.max(set.accessEndsAt, simulation.time.now() + defaultMs));
    },
    changed(id, before, after) {
      const was = before && storedAccount(before);
      const is = storedAccount(after);
      const why = endingBetween(was, is);
      if (was === undefined || why === undefined) return;
      const { generation } = was;
      const ending = { at: simulation.now, life: lifeOf(was), generation, why };
      endings.set(id, ending);
      const set = accessIn(simulation, was)?.set;
      const isAgain = set !== undefined && accessIn(simulation, is)?.set === set;
      if (set !== undefined && !isAgain) endedSets.set(set, ending);
    },
    served({ process, account, askedAt }, token) {
      const set = setOf(simulation, token.reveal());
      if (set === undefined) {
        simulation.violate('I8', `${account} was handed a token that no server issued`);
        return;
      }
      const owner = owners.get(account) ?? set.family.accountId;
      owners.set(account, owner);
      if (owner !== set.family.accountId) {
        simulation.violate('I8', `${account} was handed a token of ${set.family.accountId}`);
      }
      const endsAt = unknownEnds.get(set) ?? set.accessEndsAt;
      // Its life is counted by crystals, each of which is a little fast or slow.
      const lifeMs = serverOf(simulation, set.family)?.authority.rules.accessLifeMs ?? 0;
      const driftMs = lifeMs * mostDrift;
      const knowsTheTime = simulation.now - process.host.wokeAt > noticedWithinMs;
      if (simulation.time.now() >= endsAt + driftMs && knowsTheTime) {
        simulation.violate('I3', `${account} was handed a token that had ended`);
      }
      const row = simulation.store.account(account);
      const record = row && storedAccount(row);
      const shared = record?.access?.sharesUpstream ? endedSets.get(set) : undefined;
      const ending = shared ?? endings.get(account);
      if (ending === undefined || simulation.now - ending.at < heardWithinMs) return;
      const moved = record !== undefined && lifeOf(record) > ending.life;
      // A new life counts its generations anew: only within one do they compare.
      if (shared === undefined && (moved || token.generation > ending.generation)) return;
      // Who could not look cannot know.
      if (simulation.store.lastTroubleOf(process) >= askedAt - heardWithinMs) return;
      simulation.violate('I3', `${account} was handed a token that was ${ending.why}`);
    },
  };
}

function endingBetween(was: StoredAccount | undefined, is: StoredAccount): string | undefined {
  if (was?.access === undefined) return undefined;
  if (is.state === 'revoked' && was.state !== 'revoked') return 'revoked';
  const replaced = is.generation > was.generation || lifeOf(is) > lifeOf(was);
  return replaced && was.access.refused ? 'refused, and replaced' : undefined;
}
