import { checkAccounts } from '../doctor/check-accounts.js';
import { checkConfig } from '../doctor/check-config.js';
import { checkOnline } from '../doctor/check-online.js';
import { checkStore } from '../doctor/check-store.js';
import { type Finding, skipped } from '../doctor/finding.js';
import type { Invocation } from '../invocation.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { plainText } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';
import { wrappedText } from '../terminal/wrapped-text.js';

export interface DoctorOptions {
  /** Also asks each provider's server whether it is there. */
  readonly online: boolean;
}

const LONGEST_LINE = 600;
const INDENT = '  ';

/** What the first thing that is wrong means for the exit code. */
const exitCodeOfCheck: Readonly<Record<string, ExitCode>> = {
  store: exitCodes.store,
  key_file: exitCodes.store,
  rows: exitCodes.store,
  accounts: exitCodes.personMustAct,
  reach: exitCodes.notNow,
};

/**
 * Looks at the set-up in the order in which things depend on each other. Sends no token request.
 *
 * @returns 0 where nothing is wrong; warnings do not count
 */
export async function doctor(
  { online }: DoctorOptions,
  { terminal, env, configPath }: Invocation,
): Promise<ExitCode> {
  const place = { env, ...(configPath === undefined ? {} : { path: configPath }) };
  const { findings: early, config, store } = await checkConfig(place);
  const findings = [...early];
  if (store === undefined) findings.push(skipped('store', 'The store: once the config is valid.'));
  else findings.push(...(await checkStore(store)));
  if (config === undefined || findings.some(({ state }) => state === 'bad')) {
    findings.push(skipped('accounts', 'The accounts: once the rest is right.'));
  } else if (findings.some(({ check }) => check === 'rows')) {
    findings.push(...(await checkAccounts(config, terminal.now)));
  }
  if (online && config !== undefined) findings.push(...(await checkOnline(config, terminal.now)));
  const wrong = findings.find(({ state }) => state === 'bad');
  terminal.show({ healthy: wrong === undefined, findings }, () => doctorText(findings, terminal));
  if (wrong === undefined) return exitCodes.ok;
  return exitCodeOfCheck[wrong.check] ?? exitCodes.usage;
}

function doctorText(findings: readonly Finding[], terminal: Terminal): string {
  const { colours: paint, isTty, width } = terminal;
  // What is not read on a terminal is searched: there a sentence stays on its line.
  const linesOf = (text: string) =>
    wrappedText(
      plainText(text, LONGEST_LINE),
      isTty ? width - INDENT.length : Number.POSITIVE_INFINITY,
    );
  const signs = {
    good: paint.green('✔'),
    warning: paint.yellow('▲'),
    bad: paint.red('✖'),
    skipped: paint.dim('·'),
  } as const;
  const lines = findings.flatMap(({ state, text, fix }) => {
    const shown = linesOf(text).map((line) => (state === 'skipped' ? paint.dim(line) : line));
    const below = fix === undefined ? [] : linesOf(fix);
    return [...shown, ...below].map(
      (line, row) => (row === 0 ? `${signs[state]} ` : INDENT) + line,
    );
  });
  const wrong = findings.filter(({ state }) => state === 'bad').length;
  const end =
    wrong === 0
      ? paint.green('Nothing is wrong.')
      : paint.red(`${wrong} to put right, from the top.`);
  return [...lines, '', end].join('\n');
}
