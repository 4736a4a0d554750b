/**
 * How often properties are tried, in one place. `PROPERTY_RUNS=50 npm test -- properties` tries each
 * of them fifty times as often; 0.01 is for a first look.
 *
 * A failure prints its seed and its path: `fc.assert(property, { ...manyRuns, seed, path })` plays
 * it again.
 */
const factor = Number(process.env.PROPERTY_RUNS ?? 1);
if (!(factor > 0)) throw new RangeError('PROPERTY_RUNS is a factor above 0, e.g. 50');

// Jest keeps a hundred frames of every error: in 100,000 runs that costs more than all the rest.
Error.stackTraceLimit = 5;

const runs = (count: number) => ({ numRuns: Math.max(1, Math.round(count * factor)) });

/** Of a pure function of a value: microseconds each. */
export const manyRuns = runs(100_000);
/** Of promises in an order that the scheduler draws: a millisecond or two each. */
export const interleavings = runs(10_000);
/** Of the calls of two clients to a store that may write to a disk: ten milliseconds or more each. */
export const histories = runs(500);

/** For tests of asynchronous properties, on a machine that has much else to do. Milliseconds. */
export const timeLimitMs = 900_000 * Math.max(1, factor);
