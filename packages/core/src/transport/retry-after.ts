const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const TIME = '(?<time>\\d{2}:\\d{2}:\\d{2})';
const MONTH = '(?<month>[A-Z][a-z]{2})';

// The three forms RFC 9110 section 5.6.7 tells recipients to take, e.g. in the words of its
// examples: IMF-fixdate, RFC 850, asctime.
const DATES = [
  `${DAY}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT`,
  `${LONG_DAY}, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT`,
  `${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`));

/** An HTTP date (RFC 9110 section 5.6.7) in milliseconds, or `undefined`. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parts = DATES.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  const { day = '', month = '', year = '', time = '' } = parts ?? {};
  const century = year.length === 4 ? '' : Number(year) < 50 ? '20' : '19';
  const monthOfYear = String(MONTHS.indexOf(month) + 1).padStart(2, '0');
  const iso = `${century}${year}-${monthOfYear}-${day.replace(' ', '0')}T${time}.000Z`;
  const ms = Date.parse(iso);
  // The 31st of February would be read as a day in March, and 24:00 as the next day.
  return Number.isNaN(ms) || new Date(ms).toISOString() !== iso ? undefined : ms;
}

/**
 * Milliseconds asked for by Retry-After (RFC 9110 section 10.2.3), or `undefined` when absent,
 * repeated or unreadable. A date is read against the server's own `Date`, not against our clock.
 */
export function parseRetryAfter(
  values: readonly string[],
  serverDate: number | undefined,
): number | undefined {
  const [text, ...more] = values;
  if (text === undefined || more.length > 0) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1_000;
  const until = parseHttpDate(text);
  if (until === undefined || serverDate === undefined) return undefined;
  return until > serverDate ? until - serverDate : undefined;
}
