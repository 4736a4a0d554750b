import { dirname, resolve } from 'node:path';
import { TokenError } from '@tokenkeep/core';
import { type ConfigPath, mapTexts } from './config-path.js';
import { isDuration } from './config-schema.js';
import { parseConfigText } from './config-source.js';
import { durationMs } from './duration-text.js';
import { isPayload } from './payload.js';
import { readProtectedFile } from './protected-file.js';
import type { FoundProblem } from './schema-problems.js';
import { wordsOfError } from './words-of-error.js';

const LONGEST_BYTES = 64 * 1024;

type Members = Readonly<Record<string, unknown>>;

export interface DeclarationFile {
  /** What the file declares, and what stands beside `file`, which is stronger. */
  readonly options: Members;
  readonly problems: readonly FoundProblem[];
  /** Where a problem of a member is shown: at the member, or at `file` if it stands there. */
  at(problem: FoundProblem): FoundProblem;
}

/** Of a provider with `file`: the members of that file too. It says where secrets are sent. */
export function withDeclarationFile(
  place: ConfigPath,
  given: Members,
  configPath: string,
): DeclarationFile {
  if (typeof given.file !== 'string') return { options: given, problems: [], at: below };
  const path = resolve(dirname(configPath), given.file);
  const at = [...place, 'file'];
  try {
    const { text } = readProtectedFile(path, { longestBytes: LONGEST_BYTES, secret: false });
    const source = parseConfigText(text);
    const problems = source.problems.map(({ line, message, hint }) => ({
      path: at,
      message: `Line ${line} of this file: ${message}`,
      hint,
    }));
    const { id: _id, $schema: _schema, ...declared } = (source.data ?? {}) as Members;
    return { options: { ...(withDurations(declared) as Members), ...given }, problems, at: inFile };
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    return { options: given, problems: [{ path: at, ...wordsOfError(error) }], at: below };
  }

  function below(problem: FoundProblem): FoundProblem {
    return { ...problem, path: [...place, ...problem.path] };
  }

  function inFile(problem: FoundProblem): FoundProblem {
    const [member = ''] = problem.path;
    if (Object.hasOwn(given, member)) return below(problem);
    const message = `In this file, ${problem.path.join('.')}: ${problem.message}`;
    return { path: at, message, hint: problem.hint };
  }
}

function withDurations(data: unknown): unknown {
  return mapTexts(data, (text, path) => {
    const isMs = isDuration(path.at(-1)) && !isPayload(['providers', '', ...path]);
    return isMs ? (durationMs(text) ?? text) : text;
  });
}
