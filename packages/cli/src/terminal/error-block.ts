import { type EpochMs, TokenError } from '@tokenkeep/core';
import { type ConfigError, configErrorText, isConfigError } from '../config/config-problem.js';
import { adviceFor } from './advice.js';
import { COMMAND_LINE } from './command-line-error.js';
import { withCommands } from './commands-for-calls.js';
import { INTERRUPTED } from './ended-question.js';
import { exitCodeOf } from './exit-code-of-error.js';
import type { ExitCode } from './exit-codes.js';
import { labelledLines } from './labelled-lines.js';
import { isoTime, momentInWords, untilInWords } from './life-in-words.js';
import { plainText } from './plain-text.js';
import type { Terminal } from './terminal.js';
import { wrappedText } from './wrapped-text.js';

const LONGEST_MESSAGE = 2_000;
const LABEL_WIDTH = 8;

/** What `--json` writes to stderr as `{ "error": ... }`. Members that are unknown are left out. */
export interface ErrorFacts {
  /** A code of `docs/reference/errors.md`, or `UNEXPECTED`. */
  readonly code: string;
  readonly message: string;
  readonly reason?: string;
  readonly account?: string;
  /** RFC 3339. */
  readonly retryAt?: string;
  /** What lies below, with `--verbose`: codes, never messages of others. */
  readonly causes?: readonly string[];
}

/** Says on stderr what went wrong: once, to a person or, with `--json`, to a program. */
export function showError(error: unknown, terminal: Terminal): ExitCode {
  const facts = errorFacts(error, terminal);
  if (terminal.json) terminal.err(JSON.stringify({ error: facts }));
  else terminal.err(errorBlock(error, facts, terminal));
  return exitCodeOf(error);
}

export function errorFacts(error: unknown, { verbose }: Pick<Terminal, 'verbose'>): ErrorFacts {
  const causes = verbose ? causesOf(error) : [];
  const below = causes.length === 0 ? {} : { causes };
  // Errors that are not ours may quote what they failed on: only their kind is told.
  if (!TokenError.is(error)) {
    const message = `This is a mistake in tokenkeep (${kindOf(error)}). Please report it.`;
    return { code: 'UNEXPECTED', message, ...below };
  }
  const { code, message, reason, account, retryAt } = error;
  return {
    code,
    message: plainText(withCommands(message), LONGEST_MESSAGE),
    ...(reason === undefined ? {} : { reason: plainText(reason) }),
    ...(account === undefined ? {} : { account: plainText(account) }),
    ...(retryAt === undefined ? {} : { retryAt: isoTime(retryAt) }),
    ...below,
  };
}

function errorBlock(error: unknown, facts: ErrorFacts, terminal: Terminal): string {
  const { errColours: paint, now, stderr } = terminal;
  // What is not read on a terminal is searched: there a sentence stays on its line.
  const { columns = Number.POSITIVE_INFINITY } = stderr as { columns?: number };
  const { retryAt = undefined } = TokenError.is(error) ? error : {};
  const typed = facts.reason === COMMAND_LINE || facts.reason === INTERRUPTED;
  const rows: [label: string, text: string][] = [
    ['why', typed ? '' : (facts.reason ?? '')],
    ['what now', TokenError.is(error) ? plainText(adviceFor(error)) : ''],
    ['when', whenInWords(retryAt, now())],
    ['code', typed ? '' : facts.code],
    ['below', facts.causes?.join(' <- ') ?? ''],
  ];
  const title = isConfigError(error)
    ? countInWords(error.problems.length)
    : capitalised(facts.message);
  return [
    ...wrappedText(title, columns - 2).map(
      (line, index) => `${index === 0 ? paint.red('✖') : ' '} ${paint.bold(line)}`,
    ),
    ...(isConfigError(error) ? placesOf(error) : []),
    ...labelledLines(rows, LABEL_WIDTH, columns, paint),
  ].join('\n');
}

function countInWords(problems: number): string {
  return `The configuration has ${problems === 1 ? 'a mistake' : `${problems} mistakes`}.`;
}

/** Their texts are masked already; their layout is kept. */
function placesOf(error: ConfigError): string[] {
  const lines = configErrorText(error).split('\n');
  return ['', ...lines.map((line) => plainText(line, LONGEST_MESSAGE)), ''];
}

/** Nothing where that is unknown, or past. */
function whenInWords(retryAt: EpochMs | undefined, now: EpochMs): string {
  if (retryAt === undefined || retryAt - now < 1_000) return '';
  return `${untilInWords(retryAt, now)} (${momentInWords(retryAt, now)})`;
}

/** Not where it begins with an account, which has a slash in it. */
function capitalised(sentence: string): string {
  return /^[a-z]+ /.test(sentence)
    ? sentence.charAt(0).toUpperCase() + sentence.slice(1)
    : sentence;
}

function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  let at: unknown = error;
  while (at instanceof Error && at.cause !== undefined && causes.length < 8) {
    at = at.cause;
    causes.push(kindOf(at));
  }
  return causes;
}

/** A code, or the name of the class: never a message. */
function kindOf(error: unknown): string {
  const { code, name, reason } = (error ?? {}) as Record<string, unknown>;
  const kind = typeof code === 'string' ? code : typeof name === 'string' ? name : typeof error;
  return plainText(typeof reason === 'string' ? `${kind} (${reason})` : kind, 80);
}
