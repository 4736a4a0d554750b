import { defaultParameters, TokenError } from '@tokenkeep/core';
import {
  invariants,
  Simulation,
  type TraceLine,
  trueRefusals,
  type Violation,
} from '@tokenkeep/testing/simulation';
import { type DisturbanceCounts, disturb, heal } from './chaos.js';
import { type Draw, drawFrom } from './draw.js';
import { Fleet } from './fleet.js';
import { type Reached, reachedProperties } from './sometimes.js';

/** What the run of one draw came to. */
export interface DrawRun {
  readonly draw: Draw;
  readonly violations: readonly Violation[];
  readonly hash: string;
  readonly events: number;
  readonly accountDays: number;
  readonly renewals: number;
  readonly asked: number;
  readonly served: number;
  readonly crashes: number;
  readonly disturbances: DisturbanceCounts;
  readonly reached: Reached;
  /** How often one refresh token left: how many of them left so often. */
  readonly sendsPerGeneration: ReadonlyMap<number, number>;
  /** The last things that happened. */
  readonly trace: readonly TraceLine[];
}

/** I12: when faults stop, accounts heal within this time. */
const healingMs = 400_000;
/** Who is told when to come again comes again, so often and so late at most. */
const mostTries = 3;
const longestRetryMs = 60_000;
/** An account upstream is renewed for a refusal this often. */
const { forcedGapMs } = defaultParameters;
const dayMs = 86_400_000;
/** Many times what the busiest run takes: somebody asks, looks or waits in a circle. */
const mostEvents = 1_500_000;
/** What may still hold an account up then, if it says until when. */
const rightlyWaiting = [
  'BUDGET_EXHAUSTED',
  'budget',
  'retry_after',
  'hourly_cap',
  'provider_incident',
  'login_pace',
];

/** Plays what a seed draws. */
export function runSeed(seed: number): Promise<DrawRun> {
  return runDraw(drawFrom(seed));
}

/** How to look at a run more closely; it stays the same run. */
export interface RunOptions {
  /** Ends it there, in the middle of chaos, to look at the trace up to that moment. Ms. */
  readonly untilMs?: number | undefined;
  /** Told of each thing that happens. */
  readonly onLine?: ((line: TraceLine) => void) | undefined;
}

/**
 * Chaos, then healing, then the question whether everybody is served again. The run depends on the
 * draw and on nothing else.
 */
export async function runDraw(draw: Draw, options: RunOptions = {}): Promise<DrawRun> {
  const { seed } = draw;
  const { untilMs = Number.POSITIVE_INFINITY, onLine } = options;
  const simulation = new Simulation({ seed, ...storeOf(draw) });
  simulation.kernel.mostEvents = mostEvents;
  simulation.kernel.trace.onLine = onLine;
  const fleet = new Fleet(simulation, draw);
  const reached: Reached = new Map();
  const disturbances: DisturbanceCounts = new Map();
  for (const invariant of invariants) simulation.watch(invariant(simulation));
  simulation.watch(trueRefusals(simulation));
  simulation.watch(reachedProperties(simulation, reached));

  fleet.start();
  fleet.bringPeople();
  disturb(fleet, disturbances);
  await simulation.play(Math.min(draw.chaosMs, untilMs), true);
  if (simulation.violations.length === 0 && untilMs > draw.chaosMs) {
    heal(fleet);
    await simulation.play(healingMs, true);
    if (simulation.violations.length === 0) await checkLiveness(fleet);
    simulation.tell('ended');
  }
  return {
    draw,
    violations: simulation.violations,
    hash: simulation.kernel.trace.hash,
    events: simulation.kernel.events,
    accountDays: (fleet.accounts.length * simulation.now) / dayMs,
    ...fleet.counts,
    disturbances,
    reached,
    ...countedByServers(fleet),
    trace: simulation.recent(),
  };
}

function storeOf({ store }: Draw) {
  return store === 'embedded' ? { store: { embeddedIn: 'host-0' } } : {};
}

/** I12: every account serves again, or says until when a quota or the vendor makes it wait. */
async function checkLiveness(fleet: Fleet): Promise<void> {
  const { simulation, accounts } = fleet;
  const [service] = fleet.running();
  if (service === undefined) {
    simulation.violate('I12', 'no process runs after the faults have stopped');
    return;
  }
  for (const { account, credentials } of accounts) {
    for (let tries = 1; ; tries += 1) {
      const error = await simulation.playUntil(service.getToken(account).then(() => {}, asError));
      if (error === undefined) break;
      const { code, reason, retryAt } = error;
      if (rightlyWaiting.includes(reason ?? code) && retryAt !== undefined) break;
      // A person has revoked it, or has to log in, and has not come yet.
      if (code === 'ACCOUNT_REVOKED') break;
      if (code === 'REAUTHORIZATION_REQUIRED' && credentials === undefined) break;
      const waitMs = (retryAt ?? Number.POSITIVE_INFINITY) - service.process.clock.now();
      const longestMs = reason === 'upstream_rejected' ? forcedGapMs : longestRetryMs;
      if (tries === mostTries || waitMs > longestMs) {
        simulation.violate('I12', `${account} does not heal: ${code} ${reason ?? ''}`);
        break;
      }
      // A host that was down is tried by one request at a time.
      await simulation.play(Math.max(0, waitMs));
    }
  }
}

function asError(error: unknown): TokenError {
  if (TokenError.is(error)) return error;
  throw error;
}

function countedByServers({ servers }: Fleet) {
  const sendsPerGeneration = new Map<number, number>();
  let renewals = 0;
  for (const { authority } of servers) {
    renewals += authority.log.count({ outcome: 'issued' });
    for (const sends of authority.log.requestsPerGeneration().values()) {
      sendsPerGeneration.set(sends, (sendsPerGeneration.get(sends) ?? 0) + 1);
    }
  }
  return { renewals, sendsPerGeneration };
}
