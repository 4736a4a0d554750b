const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** How a duration is written, for messages. */
export const DURATION_FORMS = 'a number of milliseconds, or 500ms, 10s, 5m, 2h, 30d';

export const durationPattern = /^(\d{1,12}(?:\.\d{1,3})?) ?(ms|s|m|h|d)$/;

/** `10s` in milliseconds; `undefined` for what is no duration. */
export function durationMs(text: string): number | undefined {
  const [, amount, unit = ''] = durationPattern.exec(text) ?? [];
  const factor = unitMs[unit];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}
