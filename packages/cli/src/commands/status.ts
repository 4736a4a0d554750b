import { setTimeout as sleep } from 'node:timers/promises';
import { type AccountSummary, type TokenEngine, TokenError } from '@tokenkeep/core';
import { type Invocation, withEngine } from '../invocation.js';
import { accountInWords, type Found } from '../status/account-state.js';
import { statusFacts } from '../status/status-facts.js';
import { accountText, statusText } from '../status/status-text.js';
import { type ExitCode, exitCodeOf, exitCodes } from '../terminal/exit-codes.js';
import type { Terminal } from '../terminal/terminal.js';

const WATCH_MS = 2_000;
const clearScreen = '\u001b[H\u001b[2J';

export interface StatusOptions {
  readonly watch: boolean;
}

/** Shows what state the accounts are in. Sends nothing. */
export function status(
  account: string | undefined,
  { watch }: StatusOptions,
  invocation: Invocation,
): Promise<ExitCode> {
  const { terminal, interruption } = invocation;
  return withEngine(invocation, async (engine) => {
    if (!watch) return showOnce(engine, account, terminal, '');
    while (!interruption.signal.aborted) {
      await showOnce(
        engine,
        account,
        terminal,
        terminal.isTty && !terminal.json ? clearScreen : '',
      );
      await sleep(WATCH_MS, undefined, { signal: interruption.signal }).catch(() => {});
    }
    return exitCodes.ok;
  });
}

async function showOnce(
  engine: TokenEngine,
  account: string | undefined,
  terminal: Terminal,
  before: string,
): Promise<ExitCode> {
  const found =
    account === undefined
      ? await Promise.all(engine.accounts.list().map((each) => lookAt(engine, each)))
      : [await engine.status(account)];
  const now = terminal.now();
  terminal.show(statusFacts(found, now), () => {
    const words = found.map((each) => accountInWords(each, now));
    const [only] = words;
    const text =
      account !== undefined && only !== undefined
        ? accountText(only, terminal)
        : statusText(words, terminal);
    return before + text;
  });
  const broken = found.find((each) => 'error' in each);
  return broken === undefined ? exitCodes.ok : exitCodeOf(broken.error);
}

/** An account whose record does not open must not hide the others. */
async function lookAt(engine: TokenEngine, summary: AccountSummary): Promise<Found> {
  try {
    return await engine.status(summary.id);
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    return { ...summary, error };
  }
}
