import type { Terminal } from './terminal.js';

/** Says something beside the result, on stderr: to a program, with `--json`, as `{ "note" }`. */
export function showNote(words: string, terminal: Terminal): void {
  terminal.err(terminal.json ? JSON.stringify({ note: words }) : words);
}
