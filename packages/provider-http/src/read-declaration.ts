import type { z } from 'zod';
import { type DeclarationProblem, declarationProblems } from './declaration-problems.js';
import { type Declared, providerDeclarationSchema } from './declaration-schema.js';
import { invalid } from './invalid.js';

/** More than anybody reads at once. */
const MOST_SHOWN = 20;

/** @throws TokenError `CONFIGURATION_INVALID`: each member that is wrong, and what to write; no values */
export function readDeclaration(declaration: unknown): Declared {
  const result = providerDeclarationSchema.safeParse(declaration);
  const problems = result.success
    ? [...declarationProblems(result.data)]
    : result.error.issues.flatMap(wordsOf);
  if (result.success && problems.length === 0) return result.data;
  const shown = problems.slice(0, MOST_SHOWN).map((words) => words.join(': '));
  throw invalid('declaration', `Correct the declaration of a provider. ${shown.join('; ')}.`);
}

function wordsOf(issue: z.core.$ZodIssue): DeclarationProblem[] {
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => [[...issue.path, key].join('.'), 'there is no such member']);
  }
  if (issue.code === 'invalid_key') return [[at, issue.issues[0]?.message ?? '']];
  return [[at, issue.message]];
}
