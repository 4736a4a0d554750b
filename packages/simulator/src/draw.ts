import { Dice, everyNetworkFault, type NetworkFault } from '@tokenkeep/testing/simulation';
import { accountModes } from './account-mode.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** What can go wrong, each by a switch of its own, so that a failing seed can be made smaller. */
export const disturbances = [
  'crash',
  'crash point',
  'pause',
  'pause point',
  'power loss',
  'suspend',
  'wall clock',
  'crystal drift',
  'store calls',
  'store outage',
  'store cut off',
  'disk',
  'network',
  'provider outage',
  'provider incident',
  'provider clock',
  'provider revokes',
  'api refuses',
  'person',
  'rotation',
  'session',
  'provider trouble',
  'store point',
  'person point',
  'provider garbles',
] as const;

export type Disturbance = (typeof disturbances)[number];

/** One kind of server, with so many accounts. */
export interface DrawnMode {
  readonly mode: string;
  readonly accounts: number;
  readonly accessLifeMs: number;
  readonly refreshLifeMs: number;
}

/** Everything a seed decides before its run begins. */
export interface Draw {
  readonly seed: number;
  readonly modes: readonly DrawnMode[];
  readonly processes: number;
  /** Machines the processes are spread over. */
  readonly hosts: number;
  readonly store: 'shared' | 'embedded';
  readonly disturbances: readonly Disturbance[];
  readonly networkFaults: readonly NetworkFault[];
  /** Chance per request of each of these, 0 to 1. */
  readonly networkRate: number;
  /** How long chaos lasts, before everything heals. Ms. */
  readonly chaosMs: number;
  /** How often background renewal looks at the store. Ms. */
  readonly schedulePollMs: number;
  /** Mean time between two questions of the callers of one process. Ms. */
  readonly askEveryMs: number;
  /** Mean time between two disturbances of one kind. Ms. */
  readonly disturbEveryMs: number;
  /** How many times as often as usual a renewal is disturbed at its crash points. Default 1. */
  readonly timesAtPoints?: number;
}

/** From here on seeds draw renewals that are disturbed at every turn. */
const edgesFrom = 10_000;

/**
 * Swarm testing: each seed switches about half of everything off, so that no fault hides another.
 * Every tenth draws a crowd: few accounts with short lives, many callers, requests that take long,
 * so that processes meet in the middle of a renewal. High numbers draw the same with trouble at every
 * turn of it: there a guard is met at its edge, and not once in a year.
 */
export function drawFrom(seed: number): Draw {
  const dice = new Dice(`${seed}/swarm`);
  const baseLifeMs = dice.pick([
    2 * minute,
    10 * minute,
    hour,
    hour,
    4 * hour,
    8 * hour,
    12 * hour,
  ]);
  const modes = Array.from({ length: dice.whole(1, 3) }, (): DrawnMode => {
    const accessLifeMs = baseLifeMs * dice.pick([1, 1, 2, 4]);
    return {
      mode: dice.pick(accountModes).name,
      accounts: dice.whole(1, 7),
      accessLifeMs,
      refreshLifeMs: accessLifeMs * dice.pick([3, 14, 30]),
    };
  });
  const processes = dice.pick([1, 2, 2, 3, 4]);
  const store = dice.chance(0.25) ? 'embedded' : 'shared';
  const draw: Draw = {
    seed,
    modes,
    processes,
    hosts: store === 'embedded' ? 1 : dice.whole(1, processes),
    store,
    disturbances: disturbances.filter(() => dice.chance(0.5)),
    networkFaults: everyNetworkFault.filter(() => dice.chance(0.4)),
    networkRate: dice.pick([0.005, 0.02, 0.05]),
    chaosMs: baseLifeMs * dice.whole(20, 60),
    // As seldom as the shortest life allows: polls are most of what a quiet day costs.
    schedulePollMs: Math.max(5 * second, baseLifeMs / dice.pick([3, 8])),
    askEveryMs: baseLifeMs / dice.pick([2, 4, 12]),
    disturbEveryMs: baseLifeMs * dice.pick([1, 5, 12]),
  };
  if (seed >= edgesFrom) return atTheEdges(crowded(draw, dice), dice);
  return seed % 10 === 0 ? crowded(draw, dice) : draw;
}

function crowded(draw: Draw, dice: Dice): Draw {
  const lifeMs = 10 * minute;
  const also = (['pause point', 'store point', 'network'] as const).filter(() => dice.chance(0.8));
  const slow: readonly NetworkFault[] = ['request slow', 'reply slow', 'reply swallowed'];
  return {
    ...draw,
    modes: draw.modes.slice(0, 2).map(({ mode }) => ({
      mode,
      accounts: 2,
      accessLifeMs: lifeMs,
      refreshLifeMs: 14 * lifeMs,
    })),
    processes: 4,
    hosts: draw.store === 'embedded' ? 1 : dice.whole(1, 4),
    disturbances: disturbances.filter(
      (each) => draw.disturbances.includes(each) || (also as readonly string[]).includes(each),
    ),
    networkFaults: [...new Set([...draw.networkFaults, ...slow])],
    networkRate: 0.1,
    chaosMs: 15 * lifeMs,
    schedulePollMs: lifeMs / 6,
    askEveryMs: lifeMs / 40,
    disturbEveryMs: 4 * lifeMs,
  };
}

const atPoints: readonly Disturbance[] = [
  'crash point',
  'pause point',
  'store point',
  'person point',
  'store calls',
  'network',
];

function atTheEdges(draw: Draw, dice: Dice): Draw {
  const [mode] = draw.modes;
  return {
    ...draw,
    modes: mode === undefined ? [] : [mode],
    disturbances: disturbances.filter((each) => dice.chance(atPoints.includes(each) ? 0.6 : 0.2)),
    networkRate: dice.pick([0.1, 0.3]),
    chaosMs: draw.chaosMs / 2,
    askEveryMs: draw.askEveryMs / 3,
    timesAtPoints: dice.pick([4, 12]),
  };
}
