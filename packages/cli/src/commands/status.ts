import { setTimeout as sleep } from 'node:timers/promises';
import { type AccountSummary, type TokenEngine, TokenError } from '@tokenkeep/core';
import { logsPeopleIn, originOf } from '../accounts/account-origin.js';
import type { LoadedConfig } from '../config/loaded-config.js';
import { type Invocation, withEngineToLookAt } from '../invocation.js';
import { accountInWords, type Found, type Looked } from '../status/account-state.js';
import { exitCodeOfStatus } from '../status/status-exit-code.js';
import { statusFacts } from '../status/status-facts.js';
import { accountText, statusText } from '../status/status-text.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import type { Terminal } from '../terminal/terminal.js';

const WATCH_MS = 2_000;
const clearScreen = '\u001b[H\u001b[2J';

export interface StatusOptions {
  readonly watch: boolean;
}

/**
 * Shows what state the accounts are in. Sends nothing.
 *
 * @returns 0 where nobody has to act; with `watch` always
 */
export function status(
  account: string | undefined,
  { watch }: StatusOptions,
  invocation: Invocation,
): Promise<ExitCode> {
  const { terminal, interruption } = invocation;
  return withEngineToLookAt(invocation, async (engine, config) => {
    const place = { engine, config, terminal };
    if (!watch) return showOnce(place, account, '');
    while (!interruption.signal.aborted) {
      await showOnce(place, account, terminal.isTty && !terminal.json ? clearScreen : '');
      await sleep(WATCH_MS, undefined, { signal: interruption.signal }).catch(() => {});
    }
    return exitCodes.ok;
  });
}

interface Place {
  readonly engine: TokenEngine;
  readonly config: LoadedConfig;
  readonly terminal: Terminal;
}

async function showOnce(
  { engine, config, terminal }: Place,
  account: string | undefined,
  before: string,
): Promise<ExitCode> {
  const looked =
    account === undefined
      ? await Promise.all(engine.accounts.list().map((each) => lookAt(engine, each)))
      : [await engine.status(account)];
  const found: Found[] = looked.map((each) => ({
    ...each,
    origin: originOf(each, config),
    logsPeopleIn: logsPeopleIn(each, config),
  }));
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
  return exitCodeOfStatus(found);
}

/** An account whose record does not open must not hide the others. */
async function lookAt(engine: TokenEngine, summary: AccountSummary): Promise<Looked> {
  try {
    return await engine.status(summary.id);
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    return { ...summary, error };
  }
}
