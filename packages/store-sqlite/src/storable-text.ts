// The driver cuts text at NUL and replaces half surrogate pairs: two ids could become one.
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** Throws a `TypeError` for text that would not come back as it was given. */
export function checkText(...texts: readonly (string | undefined)[]): void {
  if (!texts.some((text) => text !== undefined && UNSTORABLE.test(text))) return;
  throw new TypeError('text with a NUL or half a surrogate pair cannot be stored');
}
