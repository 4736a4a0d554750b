import { type Parameters as EngineParameters, scaleParameters } from '@tokenkeep/core';

/** A minute of the engines takes six seconds. */
const TIME_FACTOR = 0.1;

/**
 * Replies, and writes that wait for a disk, take their time however fast the engines live: with half a
 * second from claim to first byte, a busy machine would keep every send gate closed.
 */
export const parameters: EngineParameters = {
  ...scaleParameters(TIME_FACTOR),
  leaseMs: 3_000,
  heartbeatMs: 900,
  sendGateMs: 1_000,
  requestTimeoutMs: 3_000,
  connectTimeoutMs: 2_000,
  waitMs: 3_000,
};

/** After faults stop, every account serves within this. I12: 400 s. */
export const HEALS_WITHIN_MS = 400_000 * TIME_FACTOR;

/** Real time, whatever is done to `Date`: comparable between the processes of one machine. */
export function realNow(): number {
  return performance.timeOrigin + performance.now();
}
