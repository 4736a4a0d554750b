import type { z } from 'zod';
import { type ConfigPath, samePath, valueAt } from './config-path.js';
import type { ProblemWords } from './config-source.js';
import { nearestName, suggestion } from './nearest-name.js';
import { isPlugIn } from './plug-in-name.js';
import { isShownName } from './shown-name.js';

export interface FoundProblem extends ProblemWords {
  readonly path: ConfigPath;
  /** For an unknown name: the member that it is a slip of. */
  readonly meant?: ConfigPath;
}

/** What a schema finds wrong in data, in words of ours: zod's may change, and ours quote nothing. */
export function schemaProblems(schema: z.ZodType, data: unknown): readonly FoundProblem[] {
  // Issues do not carry what would have been known, but the lists of names keep their identity.
  const known = new Map<unknown, readonly string[]>();
  const result = schema.safeParse(data, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') known.set(issue.keys, membersOf(issue.inst));
      return undefined;
    },
  });
  if (result.success) return [];
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, [], data, known));
  // What is misspelt is not missing as well.
  return problems.filter(
    ({ path }) => !problems.some(({ meant }) => meant !== undefined && samePath(meant, path)),
  );
}

type Known = ReadonlyMap<unknown, readonly string[]>;
type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, above: ConfigPath, data: unknown, known: Known): FoundProblem[] {
  const path = [...above, ...(issue.path as ConfigPath)];
  const value = valueAt(data, path);
  if (issue.code === 'unrecognized_keys') {
    const names = known.get(issue.keys) ?? [];
    return issue.keys.map((key) => {
      const near = nearestName(key, names);
      const meant = near === undefined ? {} : { meant: [...path, near] };
      return { path: [...path, key], ...meant, ...unknownName([...path, key], names, data) };
    });
  }
  if (issue.code === 'invalid_union') {
    if ('options' in issue && Array.isArray(issue.options)) {
      return [{ path, ...unknownKind(value, path, issue.options.map(String)) }];
    }
    const branch = likeliestBranch(issue.errors);
    if (branch !== undefined && value !== undefined) {
      return branch.flatMap((inner) => problemsOf(inner, path, data, known));
    }
  }
  if (value === undefined) return [{ path, ...missing(path) }];
  return [{ path, ...wordsOf(issue, value) }];
}

function unknownName(path: ConfigPath, known: readonly string[], data: unknown): ProblemWords {
  const name = String(path.at(-1));
  if (name === '<<') {
    return { message: 'Merge keys are not read.', hint: 'Write the members out.', atName: true };
  }
  if (isShownName(path, valueAt(data, path) !== null)) {
    return { message: `There is no "${name}" here.`, hint: suggestion(name, known), atName: true };
  }
  const hint = `Write "name: value". Known: ${known.join(', ')}.`;
  return { message: 'This is no name that is known here.', hint, atName: true };
}

function unknownKind(value: unknown, path: ConfigPath, kinds: readonly string[]): ProblemWords {
  if (value === undefined) {
    // A provider that is named like its kind needs no "use".
    const name = String(path.at(-2));
    if (isPlugIn(name)) return { message: '"use" is missing.', hint: `Add "use: ${name}".` };
    const near = nearestName(name, kinds);
    const question = near === undefined ? '' : `Did you mean to name it "${near}"? Else: `;
    const hint = `${question}add "use: ...". One of: ${kinds.join(', ')}.`;
    return { message: '"use" is missing.', hint: sentence(hint) };
  }
  const hint = `${suggestion(String(value), kinds)} ${OR_A_PACKAGE}`;
  return { message: 'There is no such kind.', hint };
}

const OR_A_PACKAGE =
  'Or a package, whose name has a scope or "tokenkeep" in it, or a file: ./my-provider.js.';

function missing(path: ConfigPath): ProblemWords {
  const name = String(path.at(-1) ?? '');
  return { message: `"${name}" is missing.`, hint: `Add "${name}: ..." here.`, atName: true };
}

function wordsOf(issue: Issue, value: unknown): ProblemWords {
  switch (issue.code) {
    case 'invalid_type':
      return {
        message: `This must be ${kindNames[issue.expected] ?? issue.expected}, and is ${kindOf(value)}.`,
        hint: typeHint(issue.expected, value),
      };
    case 'invalid_value': {
      const values = issue.values.map(String);
      const near = typeof value === 'string' ? nearestName(value, values) : undefined;
      const question = near === undefined ? '' : `Did you mean ${near}? `;
      const list = values.length === 1 ? `Write ${values[0]}.` : `One of: ${values.join(', ')}.`;
      return { message: 'This value is not known here.', hint: `${question}${list}` };
    }
    case 'custom':
      if (issue.message === 'must be a string or a Secret') return notAText(value);
      return { message: 'This value is not accepted.', hint: sentence(issue.message) };
    case 'too_small':
    case 'too_big':
    case 'invalid_format':
      return { message: 'This value is not accepted.', hint: sentence(issue.message) };
    case 'invalid_key':
      return {
        message: 'This name is not accepted.',
        hint: sentence(issue.issues[0]?.message ?? 'choose another one'),
        atName: true,
      };
    default:
      return { message: 'This is not accepted.', hint: sentence(issue.message) };
  }
}

function notAText(value: unknown): ProblemWords {
  const message = `This must be a text, and is ${kindOf(value)}.`;
  if (typeof value !== 'object') return { message, hint: 'Put the value into quotes.' };
  return { message, hint: `Write \${NAME}, \${file:./path}, or { tokenOf: <account> }.` };
}

/** Of several shapes the one that was meant: where most names fit, and then least is wrong. */
function likeliestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const strangers = (issues: readonly Issue[]) =>
    issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [])).length;
  return [...branches].sort((a, b) => strangers(a) - strangers(b) || a.length - b.length)[0];
}

const kindNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of members',
  record: 'a group of members',
};

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return 'true or false';
  return kindNames[typeof value] ?? 'something else';
}

function typeHint(expected: string, value: unknown): string {
  if (expected === 'string') {
    return typeof value === 'object' ? 'Write one text.' : 'Put the value into quotes.';
  }
  if (expected === 'boolean') return 'Write true or false, without quotes.';
  if (expected === 'number' || expected === 'int') return 'Write a number, without quotes.';
  if (expected === 'array') return 'Write [a, b], or a line "- a" for each.';
  return 'Write its members below it, indented; or {} for none.';
}

function membersOf(schema: unknown): readonly string[] {
  const { shape } = (schema as { _zod?: { def?: { shape?: object } } })?._zod?.def ?? {};
  return Object.keys(shape ?? {}).filter((name) => !name.startsWith('$'));
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase();
  return `${first}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
