import type { RefreshGrant } from '../../server/rotation/token-family.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { accessIn, grantIn, lifeOf, storedAccount } from './stored-tokens.js';

/** A server that hands one access token out twice sends a refresh token with it each time. */
function cameTogether(grant: RefreshGrant, accessToken: string): boolean {
  return grant.family.sets.some((set) => set.accessToken === accessToken && set.refresh === grant);
}

/**
 * I4: (incarnation, generation) never goes back, and what a record holds came from one reply.
 * I10: no token of an earlier life of an account stands in a later one.
 */
export function neverBack(simulation: Simulation): Watcher {
  /** In which life each access token was first seen. */
  const lives = new Map<string, number>();

  return {
    changed(id, before, after) {
      const is = storedAccount(after);
      const access = accessIn(simulation, is);
      if (before !== undefined) {
        const was = storedAccount(before);
        const older = lifeOf(is) - lifeOf(was) || is.generation - was.generation;
        const sameLife = lifeOf(is) === lifeOf(was);
        if (lifeOf(is) < lifeOf(was) || (sameLife && older < 0)) {
          const names = [was, is].map((each) => `${lifeOf(each)}.${each.generation}`);
          simulation.violate('I4', `${id} went back from ${names.join(' to ')}`);
        }
        const other = accessIn(simulation, was)?.token;
        if (sameLife && older === 0 && access && other && other !== access.token) {
          simulation.violate('I4', `${id} has two tokens of generation ${is.generation}`);
        }
        if (sameLife && was.state === 'revoked' && is.state !== 'revoked') {
          simulation.violate('I10', `${id} was revoked, and came back without a new life`);
        }
      }
      if (access === undefined || is.access?.sharesUpstream) return;
      const place = `${id} ${access.token}`;
      const first = lives.get(place) ?? lifeOf(is);
      lives.set(place, first);
      if (first !== lifeOf(is)) {
        simulation.violate('I10', `${id} holds a token of its life ${first} in ${lifeOf(is)}`);
      }
      const grant = grantIn(simulation, is);
      const dead = is.access?.lifetimeMs === 0;
      if (grant === undefined || access.set?.family !== grant.family || dead) return;
      if (access.set.refresh === undefined || cameTogether(grant, access.token)) return;
      simulation.violate('I4', `${id} holds tokens of two replies of one grant`);
    },
  };
}
