// The three forms RFC 9110 section 5.6.7 tells recipients to take, e.g. in the words of its
// examples: IMF-fixdate, RFC 850, asctime.
const DATES = [
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** An HTTP date (RFC 9110 section 5.6.7) in milliseconds, or `undefined`. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !DATES.some((form) => form.test(text))) return undefined;
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  // The 31st of February would be read as a day in March.
  const day = Number(/\d{1,2}/.exec(text)?.[0]);
  return Number.isNaN(ms) || new Date(ms).getUTCDate() !== day ? undefined : ms;
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
