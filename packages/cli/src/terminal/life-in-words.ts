import type { EpochMs } from '@tokenkeep/core';
import { DateTime, Duration } from 'luxon';

const units = [
  ['days', 'd'],
  ['hours', 'h'],
  ['minutes', 'min'],
  ['seconds', 's'],
] as const;

/** Below this many of the largest unit the next smaller one is worth saying. */
const FEW = 10;

/** `13 d`, `1 d 5 h`, `22 h`, `4 h 12 min`, `45 s`: as exact as one needs it, never rounded up. */
export function durationInWords(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1_000)) * 1_000;
  const parts = Duration.fromMillis(whole).shiftTo('days', 'hours', 'minutes', 'seconds');
  const first = units.findIndex(([unit]) => parts[unit] > 0);
  if (first === -1) return ms > 0 ? 'under 1 s' : '0 s';
  const [unit] = units[first] ?? units[3];
  return units
    .slice(first, parts[unit] < FEW ? first + 2 : first + 1)
    .filter(([each]) => parts[each] > 0)
    .map(([each, word]) => `${parts[each]} ${word}`)
    .join(' ');
}

/** `22 h left`, or `ended 3 min ago`. */
export function lifeInWords(endsAt: EpochMs, now: EpochMs): string {
  if (endsAt <= now) return `ended ${durationInWords(now - endsAt)} ago`;
  return `${durationInWords(endsAt - now)} left`;
}

/** `in 4 min`, or `now` for what is due. */
export function untilInWords(at: EpochMs, now: EpochMs): string {
  return at - now < 1_000 ? 'now' : `in ${durationInWords(at - now)}`;
}

/** `14:05:12`, with the date where it is another day, in this machine's zone. */
export function momentInWords(at: EpochMs, now: EpochMs): string {
  const moment = DateTime.fromMillis(at);
  const today = moment.hasSame(DateTime.fromMillis(now), 'day');
  return moment.toFormat(today ? 'HH:mm:ss' : 'yyyy-MM-dd HH:mm');
}

/** For `--json`: RFC 3339 in UTC. */
export function isoTime(at: EpochMs): string {
  return new Date(at).toISOString();
}
