import { oneOf } from '../one-of.js';
import type { RequestLog } from '../server/request-log.js';
import { invariants } from './invariants/index.js';
import { Simulation, type SimulationOptions, type Violation } from './simulation.js';
import { playOut } from './story/play-out.js';
import { SimulatedWorld } from './story/simulated-world.js';
import { msOf, type Span } from './story/span.js';
import { Stage } from './story/stage.js';
import { STEADY_CALL } from './story/steady-calls.js';
import { StoryFailure } from './story/story-failure.js';
import { StoryLines } from './story/story-lines.js';
import { shownTime } from './story/wall-time.js';

export interface SimulateOptions {
  /** The same seed plays the same run. Default 1. */
  readonly seed?: number | string;
  /** When the story begins. Default `2025-01-01T00:00:00Z`. */
  readonly startAt?: Date | string;
  /** How long the story may last at most. Default 40 days. */
  readonly limit?: Span;
  /** `throw`: a promise of the engine that does not hold fails the story. Default `throw`. */
  readonly onViolation?: 'throw' | 'collect';
  /** Of the store all services share: its latency, and on which machine it lives, if on one. */
  readonly store?: SimulationOptions['store'];
}

/** How a story went. */
export interface SimulatedRun<Result> {
  /** What the story returned. */
  readonly result: Result;
  readonly seed: number | string;
  /** Promises of the engine that did not hold: only with `onViolation: 'collect'`. */
  readonly violations: readonly Violation[];
  /** What happened, a line each: the newest 10,000, oldest first. */
  readonly lines: readonly string[];
  /**
   * What the server behind an origin was asked.
   *
   * @throws Error if there was none
   */
  logOf(origin: string): RequestLog;
}

const shownLines = 40;

/**
 * Plays a story against the shipped engine. Servers, machines, network, store and time are
 * simulated; the engine and the providers are those of production. A night takes milliseconds.
 *
 * Time stands still except while the story awaits something of its world. After each event the
 * engine's promises (I1 to I6, I8 to I10, I14 to I16) are checked against what servers, wires and
 * the store know. I2 and I14 are left out where a service has durations or caps of its own.
 *
 * ```ts
 * await simulate({ seed: 1 }, async (world) => {
 *   const crm = world.serve('https://crm.test', (time) => new AuthRefreshAuthority({ time, accounts }));
 *   const service = await world.start('service', { providers, accounts });
 *   await world.until('03:00');
 *   crm.down();
 *   await world.pass({ minutes: 20 });
 *   await service.getToken('crm');
 * });
 * ```
 *
 * @throws Error when the story throws (its `cause`), when a promise of the engine does not hold, or
 *   when nothing can happen any more: with the seed, the simulated time, and what happened last
 */
export async function simulate<Result>(
  options: SimulateOptions,
  story: (world: SimulatedWorld) => Promise<Result>,
): Promise<SimulatedRun<Result>> {
  for (const name of Object.keys(options)) oneOf(optionNames, name, 'option of simulate()');
  const { seed = 1, limit = { days: 40 }, onViolation = 'throw', store } = options;
  oneOf(['throw', 'collect'], onViolation, 'onViolation');
  const startAt = momentOf(options.startAt ?? '2025-01-01T00:00:00Z');
  const simulation = new Simulation({ seed, startAt, ...(store && { store }) });
  for (const invariant of invariants) simulation.watch(invariant(simulation));
  const lines = new StoryLines(simulation);
  const stage = new Stage(simulation);
  const violations = () => stage.promises.of(simulation.violations);
  const isOver = () => onViolation === 'throw' && violations().length > 0;

  try {
    const result = await playOut(stage, begun(story, stage), msOf(limit), isOver);
    if (!isOver()) {
      refuseForgottenAwait(stage);
      refuseStuckCalls(stage);
      simulation.tell('ended');
    }
    const [violation] = violations();
    if (violation !== undefined && isOver()) throw broken(violation);
    return {
      result: result as Result,
      seed,
      violations: violations(),
      lines: lines.last(),
      logOf: (origin) => logOf(simulation, origin),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const shown = [
      message,
      '',
      `simulate() with seed ${JSON.stringify(seed)}, at ${stage.shownNow}. What happened last:`,
      ...lines.last(shownLines).map((line) => `  ${line}`),
    ];
    throw new Error(shown.join('\n'), error instanceof StoryFailure ? {} : { cause: error });
  }

  function broken({ invariant, message, at }: Violation): StoryFailure {
    return new StoryFailure(
      `A promise of the engine does not hold: ${invariant}, at ${shownTime(startAt + at)}: ` +
        `${message}. Unless the story forged a reply, or asked the server for tokens itself, this is ` +
        'a bug of Tokenkeep: please report it, with the story and its seed.',
    );
  }
}

const optionNames = ['seed', 'startAt', 'limit', 'onViolation', 'store'];

/** With a zone: the same story starts at the same moment on every machine. */
function momentOf(startAt: Date | string): number {
  const moment = new Date(startAt).getTime();
  const hasZone = typeof startAt !== 'string' || /(Z|[+-]\d\d:\d\d)$/i.test(startAt);
  if (hasZone && !Number.isNaN(moment)) return moment;
  throw new TypeError(
    `"${startAt}" is no moment to start at. Give it with its zone: 2025-01-01T02:30:00Z.`,
  );
}

async function begun<Result>(
  story: (world: SimulatedWorld) => Promise<Result>,
  stage: Stage,
): Promise<Result> {
  return story(new SimulatedWorld(stage));
}

function refuseForgottenAwait({ waits }: Stage): void {
  const open = waits.all.filter(({ process, ends }) => process === undefined && ends === 'in time');
  if (open.length === 0) return;
  const names = open.map(({ what }) => what).join(', ');
  throw new StoryFailure(`The story ended before ${names}. Is there an await missing?`);
}

/** Longer than anything simulated is quiet for while a call of the service goes on. */
const quietMs = 60_000;

/** A call of `every()` that waits while nothing simulated goes on waits for something real. */
function refuseStuckCalls({ waits, simulation }: Stage): void {
  const stuck = waits.all.filter(({ what, process, since }) => {
    if (!what.endsWith(STEADY_CALL) || process === undefined) return false;
    const others = waits.all.filter((wait) => wait.process === process && wait.what !== what);
    const runs = process.isAlive && !process.isHeld && others.length === 0;
    return runs && simulation.now - since > quietMs;
  });
  if (stuck.length === 0) return;
  throw new StoryFailure(
    `${stuck.length} calls of every() wait for something that is not simulated, such as the real ` +
      'fetch, a timer or a file. In a story, code uses service.fetch and service.sleep.',
  );
}

function logOf({ network }: Simulation, origin: string): RequestLog {
  const server = network.servers.get(origin);
  if (server !== undefined) return server.authority.log;
  const known = [...network.servers.keys()].join(', ') || 'none';
  throw new Error(`There was no server behind ${origin}. There were: ${known}.`);
}
