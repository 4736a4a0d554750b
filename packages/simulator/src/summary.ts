import type { DrawRun } from './run-draw.js';

/** What many runs came to, in a form that workers can send. */
export interface Summary {
  readonly runs: number;
  readonly accountDays: number;
  readonly events: number;
  readonly renewals: number;
  readonly asked: number;
  readonly served: number;
  readonly crashes: number;
  readonly disturbances: Readonly<Record<string, number>>;
  readonly reached: Readonly<Record<string, number>>;
  /** Of refresh tokens: how many left once, twice. */
  readonly sendsPerGeneration: Readonly<Record<string, number>>;
  /** By kind of disturbance: what callers asked and got in the runs that had it. */
  readonly availability: Readonly<Record<string, Availability>>;
}

export interface Availability {
  readonly asked: number;
  readonly served: number;
}

export const nothing: Summary = {
  runs: 0,
  accountDays: 0,
  events: 0,
  renewals: 0,
  asked: 0,
  served: 0,
  crashes: 0,
  disturbances: {},
  reached: {},
  sendsPerGeneration: {},
  availability: {},
};

export function summaryOf(run: DrawRun): Summary {
  const { asked, served } = run;
  const { accountDays, events, renewals, crashes } = run;
  return {
    runs: 1,
    accountDays,
    events,
    renewals,
    asked,
    served,
    crashes,
    disturbances: Object.fromEntries(run.disturbances),
    reached: Object.fromEntries(run.reached),
    sendsPerGeneration: Object.fromEntries(run.sendsPerGeneration),
    availability: Object.fromEntries(
      [...run.draw.disturbances, 'all'].map((kind) => [kind, { asked, served }]),
    ),
  };
}

export function added(left: Summary, right: Summary): Summary {
  const kinds = [...Object.keys(left.availability), ...Object.keys(right.availability)];
  return {
    runs: left.runs + right.runs,
    accountDays: left.accountDays + right.accountDays,
    events: left.events + right.events,
    renewals: left.renewals + right.renewals,
    asked: left.asked + right.asked,
    served: left.served + right.served,
    crashes: left.crashes + right.crashes,
    disturbances: addedByName(left.disturbances, right.disturbances),
    reached: addedByName(left.reached, right.reached),
    sendsPerGeneration: addedByName(left.sendsPerGeneration, right.sendsPerGeneration),
    availability: Object.fromEntries(
      [...new Set(kinds)].map((kind) => {
        const both = [left, right].map(({ availability }) => availability[kind]);
        const sum = (of: keyof Availability) =>
          both.reduce((total, each) => total + (each?.[of] ?? 0), 0);
        return [kind, { asked: sum('asked'), served: sum('served') }];
      }),
    ),
  };
}

function addedByName(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return Object.fromEntries(names.map((name) => [name, (left[name] ?? 0) + (right[name] ?? 0)]));
}
