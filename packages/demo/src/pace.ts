import { type Parameters, scaleParameters } from '@tokenkeep/core';

/** How long the servers let an access token live: what takes hours elsewhere takes seconds here. */
export const livesMs = { crm: 10_000, fleet: 6_000, staff: 12_000, shop: 9_000 } as const;

const hurried = scaleParameters(1 / 20);

/**
 * The engine's pauses shrink as the lives do. Its time-outs and leases stay as they are: this
 * machine is no faster than any other. Windows of renewal follow each token's life by themselves.
 */
export const parameters: Partial<Parameters> = {
  schedulePollMs: hurried.schedulePollMs,
  drainMs: hurried.drainMs,
  gapMs: hurried.gapMs,
  forcedGapMs: hurried.forcedGapMs,
  capWindowMs: hurried.capWindowMs,
  sessionLeaseMs: hurried.sessionLeaseMs,
  backoffBaseMs: hurried.backoffBaseMs,
  backoffMaxMs: hurried.backoffMaxMs,
};

/** How often each account's API is called while its traffic runs. */
export const callEveryMs = { crm: 900, fleet: 700, staff: 2_000, shop: 500 } as const;
