/** What is left of a token's life, as one says it. */
export function lifeInWords(ms: number): string {
  if (ms <= 0) return 'ended';
  if (ms < 1_000) return '<1 s left';
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s left`;
  return `${Math.round(ms / 60_000)} min left`;
}
