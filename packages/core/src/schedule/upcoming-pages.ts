import type { DuePlace, TokenStore, UpcomingResult } from '../store/token-store.js';

/** So many rows are looked at in one step, and claimed in one at most. */
export const PAGE = 256;

/**
 * The schedule, a page at a time, as far as `horizonMs` from now; without one, to its end. What
 * becomes due while it is read is left for the next time, or it might never end.
 */
export async function* upcomingPages(
  store: Pick<TokenStore, 'upcoming'>,
  horizonMs = Number.POSITIVE_INFINITY,
): AsyncGenerator<UpcomingResult> {
  let after: DuePlace | undefined;
  let endMs: number | undefined;
  for (;;) {
    const page = await store.upcoming(after, PAGE);
    endMs ??= page.time.ms + horizonMs;
    yield page;
    after = page.entries.at(-1);
    if (after === undefined || page.entries.length < PAGE || after.due > endMs) return;
  }
}
