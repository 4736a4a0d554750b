import type { Evidence } from './evidence.js';
import { judge } from './judge/judge.js';
import { lostRotations } from './judge/lost-rotations.js';
import type { Verdict } from './judge/verdict.js';
import { simulatedFigures } from './simulated-figures.js';
import type { StoreName } from './store-place.js';
import { playWorld } from './world.js';

export interface ChaosPlan {
  readonly store: StoreName;
  readonly minutes: number;
  readonly seed: number;
  readonly processes: number;
  readonly accounts: number;
  /** How long the same fleet runs undisturbed first, to compare. */
  readonly controlMinutes: number;
  readonly signal?: AbortSignal;
}

export interface ChaosResult {
  readonly plan: ChaosPlan;
  readonly control: Evidence;
  readonly chaos: Evidence;
  readonly verdicts: readonly Verdict[];
  /** Of the figures, those that no run of minutes can show. */
  readonly simulated: readonly [string, string][];
}

/** Of the renewals of an undisturbed run, so many are made all the same. */
const LEAST_RENEWALS = 0.6;
/** In a minute. */
const LEAST_KILLS = 10;

/** An undisturbed run, then one in which everything goes wrong, and what is to be said of it. */
export async function chaosRun(
  plan: ChaosPlan,
  progress: (what: string) => void = () => {},
): Promise<ChaosResult> {
  const { store, seed, processes, accounts, signal } = plan;
  const world = { store, seed, processes, accounts, signal };
  progress(`${plan.controlMinutes} minutes undisturbed`);
  const control = await playWorld({
    ...world,
    disturbed: false,
    durationMs: plan.controlMinutes * 60_000,
  });
  progress(`${plan.minutes} minutes of chaos`);
  const chaos = await playWorld({ ...world, disturbed: true, durationMs: plan.minutes * 60_000 });
  progress('a thousand accounts, and a day of outage, in simulated time');
  const simulated = await simulatedFigures();
  return {
    plan,
    simulated,
    control,
    chaos,
    verdicts: [
      ...judge(chaos),
      undisturbed(control),
      enoughKills(plan, chaos),
      enoughRenewals(control, chaos),
    ],
  };
}

/** Renewals a minute. */
export function renewalRate({ servers, from, until }: Evidence): number {
  const renewals = servers
    .flatMap(({ entries }) => entries)
    .filter(({ at, outcome }) => at >= from && at < until && outcome === 'issued');
  return (60_000 * renewals.length) / (until - from);
}

export function killsOf({ lives }: Evidence): number {
  return lives.filter(({ killedAt }) => killedAt !== undefined).length;
}

/** The same promises hold where nothing goes wrong, and nothing is lost there. */
export function undisturbed(control: Evidence): Verdict {
  const lost = lostRotations(control).map(
    ({ account, generation }) => `the rotation to ${account}#${generation} was lost`,
  );
  const verdicts = judge(control);
  const broken = [...verdicts.flatMap((verdict) => verdict.broken), ...lost];
  const says = 'promises of the undisturbed run';
  return { promise: 'undisturbed', says, looked: verdicts.length, broken: [...new Set(broken)] };
}

/** Chaos that is too mild shows nothing. */
function enoughKills({ minutes }: ChaosPlan, chaos: Evidence): Verdict {
  const kills = killsOf(chaos);
  const least = Math.floor(LEAST_KILLS * minutes);
  const broken = kills >= least ? [] : [`${kills} kills, fewer than ${least}`];
  return { promise: 'chaos', says: 'kills', looked: kills, broken };
}

/** An engine that does nothing breaks no promise. */
export function enoughRenewals(control: Evidence, chaos: Evidence): Verdict {
  const part = renewalRate(chaos) / renewalRate(control);
  const percent = Math.round(100 * part);
  const broken = part >= LEAST_RENEWALS ? [] : [`${percent} % of the undisturbed renewals`];
  return {
    promise: 'availability',
    says: '% of the undisturbed renewals',
    looked: percent,
    broken,
  };
}
