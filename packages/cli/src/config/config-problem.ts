import { TokenError } from '@tokenkeep/core';

/** One mistake in a config file: where it is, what is wrong, and what to do. Shows no value. */
export interface ConfigProblem {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Where it is in the data: `accounts.crm.credentials.password`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
  /** The line with every value masked. */
  readonly excerpt: string;
  /** How many characters of the excerpt stand before the place. */
  readonly mark: number;
}

/** `CONFIGURATION_INVALID` with reason `config_file` and everything that is wrong in the file. */
export interface ConfigError extends TokenError {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];
}

export function configError(file: string, problems: readonly ConfigProblem[]): ConfigError {
  const sentences = problems.map(({ line, column, path, message, hint }) =>
    [`${line}:${column}`, path, message, hint].filter(Boolean).join(' '),
  );
  const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
  const error = new TokenError(
    'CONFIGURATION_INVALID',
    `${file} has ${count}. ${sentences.join(' | ')}`,
    { reason: 'config_file' },
  );
  return Object.assign(error, { file, problems });
}

export function isConfigError(value: unknown): value is ConfigError {
  return TokenError.is(value, 'CONFIGURATION_INVALID') && 'problems' in value && 'file' in value;
}

/** All problems as lines for a terminal, each with its excerpt and a mark under the place. */
export function configErrorText({ file, problems }: ConfigError): string {
  return problems.map((problem) => problemText(file, problem)).join('\n\n');
}

function problemText(file: string, problem: ConfigProblem): string {
  const { line, column, path, message, hint, excerpt, mark } = problem;
  const gutter = `${line} | `.padStart(8);
  const under = `${'| '.padStart(8)}${' '.repeat(mark)}^`;
  return [
    `${file}:${line}:${column}${path === '' ? '' : `  ${path}`}`,
    `  ${message}`,
    `  ${hint}`,
    ...(excerpt.trim() === '' ? [] : [`${gutter}${excerpt}`, under]),
  ].join('\n');
}
