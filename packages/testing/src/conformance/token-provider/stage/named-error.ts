/** An error in a few words, without anything it may quote. */
export function named(error: unknown): string {
  if (typeof error !== 'object' || error === null) return `a ${typeof error}`;
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  const words = [code, reason].filter((word) => typeof word === 'string');
  const name = error.constructor?.name ?? 'object';
  const article = /^[AEIOU]/.test(name) ? 'an' : 'a';
  return `${article} ${name}${words.length === 0 ? '' : ` (${words.join(', ')})`}`;
}
