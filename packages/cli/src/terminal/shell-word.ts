import { plainText } from './plain-text.js';

/** A name as it may be typed, or pasted into a shell: in quotes where one would split or run it. */
export function shellWord(name: string): string {
  const text = plainText(name);
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
