/** A span of time: milliseconds, or what adds up to it, such as `{ hours: 1, minutes: 30 }`. */
export type Span = number | SpanParts;

export interface SpanParts {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly ms?: number;
}

const msOfOne: Readonly<Record<string, number>> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  ms: 1,
};

/** @throws TypeError for what is no span: negative, not a number, an unknown part. */
export function msOf(span: Span): number {
  const parts = typeof span === 'number' ? { ms: span } : span;
  const ms = Object.entries(parts).reduce((sum, [name, count]) => {
    return sum + (msOfOne[name] ?? Number.NaN) * count;
  }, 0);
  if (!(ms >= 0) || !Number.isFinite(ms) || Object.keys(parts).length === 0) {
    throw new TypeError(`${JSON.stringify(span)} is no span of time, such as { minutes: 20 }.`);
  }
  return ms;
}
