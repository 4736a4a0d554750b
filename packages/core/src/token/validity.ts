import { createHash } from 'node:crypto';
import type { Parameters } from '../parameters/parameters.js';

/** When a token may be handed out and when its successor is wanted, relative to `issuedAt`. */
export interface Validity {
  /** The local end: lifetime minus the safety margin. Nothing is served after it. */
  readonly endsMs: number;
  /** From here callers wait for the renewal, and get the old token if it fails. */
  readonly mandatoryMs: number;
  /** From here one renewal runs behind the callers' backs. */
  readonly advisoryMs: number;
}

/**
 * Expiry is local and relative (RFC 6749 section 5.1 counts from the response): windows lie
 * before the deadline and shrink with the lifetime, so that a ten-second token does not loop.
 * Jitter is drawn once per generation from its name: drawing again would collapse the spread.
 */
export function validityOf(lifetimeMs: number, jitterName: string, p: Parameters): Validity {
  const safety = Math.min(p.safetyMs, lifetimeMs / 10);
  const endsMs = lifetimeMs - safety;
  const floor = Math.min(p.mandatoryFloorMs, lifetimeMs / 4);
  const mandatory = Math.min(p.mandatoryMs, Math.max(lifetimeMs / 10, floor));
  const advisory = advisoryMs(lifetimeMs, p) * (1 + fractionOf(jitterName));
  return {
    endsMs,
    mandatoryMs: Math.max(0, endsMs - mandatory),
    advisoryMs: Math.max(0, endsMs - Math.max(mandatory, advisory)),
  };
}

/** Length of the advisory window before jitter. */
export function advisoryMs(lifetimeMs: number, p: Parameters): number {
  return Math.min(0.2 * lifetimeMs, p.advisoryMs);
}

/** Uniform in [0, 1), the same for the same name on every machine. */
export function fractionOf(name: string): number {
  return createHash('sha256').update(name).digest().readUIntBE(0, 6) / 2 ** 48;
}
