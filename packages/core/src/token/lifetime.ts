/** Strict reading of lifetimes: a number of units, or `undefined` for anything unusable. */

const DIGITS = /^\d{1,10}$/;

/**
 * A lifetime in milliseconds from a provider's count of `unitMs` (RFC 6749 section 5.1
 * `expires_in` counts seconds). Takes finite numbers and all-digit strings of at most ten
 * digits; everything else, `"3600.5"` and `"1e3"` included, is `undefined`: not stated.
 */
export function lifetimeFrom(value: unknown, unitMs = 1_000): number | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? value * unitMs : undefined;
  }
  if (typeof value === 'string' && DIGITS.test(value)) return Number(value) * unitMs;
  return undefined;
}

/** What the profile says about lifetimes of one kind of token. */
export interface LifetimeBounds {
  /** Taken when the reply states none. Milliseconds. */
  readonly defaultMs: number;
  /** Anything longer is clamped: seconds taken for milliseconds, or a nonsense value. */
  readonly maxMs: number;
  /** What `0` means: dead on arrival, or never ends. */
  readonly zeroMeans: 'invalid' | 'never';
}

/** Shorter than this is treated as dead on arrival. Milliseconds. */
const SHORTEST_LIFETIME_MS = 1_000;
/** Used where a profile states no maximum. */
export const LONGEST_LIFETIME_MS = 400 * 86_400_000;
/** Used where neither the reply nor the profile states a lifetime. */
export const DEFAULT_LIFETIME_MS = 300_000;

export interface JudgedLifetime {
  readonly ms: number;
  readonly verdict: 'stated' | 'default' | 'clamped' | 'never' | 'expired_on_arrival';
}

/** One stated outcome for every lifetime a server may send. `shortestMs` scales in tests. */
export function judgeLifetime(
  stated: number | undefined,
  bounds: LifetimeBounds,
  shortestMs = SHORTEST_LIFETIME_MS,
): JudgedLifetime {
  if (stated === undefined || Number.isNaN(stated)) {
    return { ms: bounds.defaultMs, verdict: 'default' };
  }
  if (stated === 0 && bounds.zeroMeans === 'never') return { ms: bounds.maxMs, verdict: 'never' };
  if (stated < shortestMs) return { ms: 0, verdict: 'expired_on_arrival' };
  if (stated > bounds.maxMs) return { ms: bounds.maxMs, verdict: 'clamped' };
  return { ms: Math.floor(stated), verdict: 'stated' };
}
