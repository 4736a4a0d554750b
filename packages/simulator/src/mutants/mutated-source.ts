import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import type { Edit, Mutant } from './mutant.js';

const engineSources = fileURLToPath(new URL('../../../core/src', import.meta.url));

/** The JavaScript of each file a mutant changes, by its place in `packages/core/dist`. */
export function mutatedFiles({ id, edits }: Mutant): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const edit of edits) {
    const before = files.get(edit.file) ?? readFileSync(join(engineSources, edit.file), 'utf8');
    files.set(edit.file, applied(id, edit, before));
  }
  return new Map(
    [...files].map(([file, source]) => [file.replace(/[.]ts$/, '.js'), compiled(source)]),
  );
}

/** @throws Error where the text to be replaced is not there, or is there more than once */
function applied(id: string, { file, from, to }: Edit, source: string): string {
  const [before, after, ...more] = source.split(from);
  if (before !== undefined && after !== undefined && more.length === 0) return before + to + after;
  const found = after === undefined ? 'not' : `${more.length + 1} times`;
  throw new Error(
    `Mutant "${id}" does not fit ${file} any more: its text stands there ${found}: ${from}`,
  );
}

function compiled(source: string): string {
  return transformSync(source, { loader: 'ts', target: 'node20', format: 'esm' }).code;
}
