/** The most of these in any window [t, t + windowMs), `at` in milliseconds. */
export function mostInWindow(
  entries: readonly { readonly at: number }[],
  windowMs: number,
): number {
  const times = entries.map(({ at }) => at).sort((left, right) => left - right);
  let most = 0;
  let first = 0;
  for (const [last, at] of times.entries()) {
    while ((times[first] ?? at) <= at - windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
