import type { EpochMs } from '../clock/clock.js';
import type { Parameters } from '../parameters/parameters.js';

/** What the processes of a store know together about a host that fails. On the store's clock. */
export interface HostOutage {
  /** How often it was left alone since it last answered; 0: no outage. */
  readonly openings: number;
  readonly until: EpochMs;
  /** One process is trying it; the others wait to hear of that until `until`. */
  readonly probed: boolean;
}

export const noOutage: HostOutage = { openings: 0, until: 0, probed: false };

/** Milliseconds until the host may be asked; 0: now, by whoever writes `outage`. */
export function askHost(
  outage: HostOutage,
  now: EpochMs,
  p: Parameters,
): { readonly waitMs: number; readonly outage: HostOutage } {
  if (outage.openings === 0) return { waitMs: 0, outage };
  const waitMs = leftMs(outage, now, p);
  if (waitMs > 0) return { waitMs, outage };
  return { waitMs: 0, outage: { ...outage, until: now + p.breakerOpenMs, probed: true } };
}

/** A process has seen enough failures. One outage is one opening, whoever else has seen it. */
export function noteOutage(outage: HostOutage, now: EpochMs, p: Parameters): HostOutage {
  if (outage.openings > 0 && !outage.probed && leftMs(outage, now, p) > 0) return outage;
  const opening = Math.min(p.breakerMaxMs, p.breakerOpenMs * 2 ** outage.openings);
  return { openings: Math.min(outage.openings + 1, 16), until: now + opening, probed: false };
}

/** What lies farther ahead than the longest opening was written before a clock went back. */
function leftMs({ until }: HostOutage, now: EpochMs, p: Parameters): number {
  return until - now > p.breakerMaxMs ? 0 : Math.max(0, until - now);
}
