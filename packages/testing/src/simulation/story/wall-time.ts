const dayMs = 86_400_000;

/** `2025-01-01 03:20:00.000`, in UTC. */
export function shownTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('T', ' ').replace('Z', '');
}

/**
 * The next time a clock in UTC shows it, ms since 1970.
 *
 * @param text `03:00`, `03:00:30`, or a date with its zone: `2025-01-02T03:00:00Z`
 * @throws TypeError for another form; RangeError for a moment that has passed
 */
export function nextMoment(text: string, now: number): number {
  const [, hours, minutes, seconds = '0'] =
    /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? [];
  if (hours !== undefined) {
    const timeMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
    const today = Math.floor(now / dayMs) * dayMs + timeMs;
    return today > now ? today : today + dayMs;
  }
  const moment = /T.+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) {
    throw new TypeError(`"${text}" is no moment. Say 03:00, or 2025-01-02T03:00:00Z.`);
  }
  if (moment < now) throw new RangeError(`${text} has passed: it is ${shownTime(now)}.`);
  return moment;
}
