/** The value below which so much of the rest lies, from 0 to 1. `undefined` of nothing. */
export function percentile(values: readonly number[], part: number): number | undefined {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
