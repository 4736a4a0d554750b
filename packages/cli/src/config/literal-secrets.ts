import { type ConfigPath, hasTexts, valueAt } from './config-path.js';
import { hasReferences } from './references.js';
import type { FoundProblem } from './schema-problems.js';

export interface SecretMembers {
  /** Of what they are members of. */
  readonly path: ConfigPath;
  readonly written: unknown;
  readonly names: readonly string[];
  /** Others can read the file. */
  readonly openToReaders: boolean;
}

/** Secrets that stand in the file itself: a mistake where others can read it, else a warning. */
export function literalSecrets({
  path,
  written,
  names,
  openToReaders,
}: SecretMembers): FoundProblem[] {
  return names
    .filter((name) => {
      const value = valueAt(written, [name]);
      return hasTexts(value) && !hasReferences(value);
    })
    .map((name) => {
      const variable = `${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
      const elsewhere = `write $\{${variable}} or $\{file:./${name}} instead`;
      return {
        path: [...path, name],
        message: openToReaders
          ? 'A secret stands in a file that others can read.'
          : 'A secret stands in this file.',
        hint: openToReaders ? `Run chmod 600 on it, or ${elsewhere}.` : `Better: ${elsewhere}.`,
      };
    });
}
