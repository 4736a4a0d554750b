import { type TokenEngine, TokenError } from '@tokenkeep/core';
import { noteAccount } from './accounts/account-of-error.js';
import { logsPeopleIn, originOf } from './accounts/account-origin.js';
import { accountCalled } from './accounts/configured-account.js';
import { engineFromConfig } from './config/engine-from-config.js';
import { loadConfig, loadConfigToLookAt } from './config/load-config.js';
import type { LoadedConfig } from './config/loaded-config.js';
import type { Interruption } from './terminal/interruption.js';
import { showNote } from './terminal/note.js';
import type { Terminal } from './terminal/terminal.js';

/** One call of the program: what every command may use. */
export interface Invocation {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** `--config`. */
  readonly configPath: string | undefined;
  readonly interruption: Interruption;
}

type UseOfEngine<Result> = (engine: TokenEngine, config: LoadedConfig) => Promise<Result>;

/**
 * Opens the engine of the configuration, uses it, and stops it. A signal stops it earlier: what is
 * on its way is saved, and `use` fails with `ENGINE_STOPPED` if it was not done.
 */
export async function withEngine<Result>(
  invocation: Invocation,
  use: UseOfEngine<Result>,
): Promise<Result> {
  const { interruption, terminal } = invocation;
  const config = await loadConfig(placeOf(invocation));
  return useEngine(invocation, config, use, () => {
    if (interruption.exitCode === undefined || terminal.json) return;
    terminal.err('Stopping. What is on its way is saved first; once more ends it at once.');
  });
}

/** The same for who only looks and sends nothing: it needs no credentials, and has none to save. */
export async function withEngineToLookAt<Result>(
  invocation: Invocation,
  use: UseOfEngine<Result>,
): Promise<Result> {
  const { config, missing } = await loadConfigToLookAt(placeOf(invocation));
  for (const { line, message } of missing) {
    showNote(`${config.path}:${line}: ${message} Whoever logs in needs it.`, invocation.terminal);
  }
  return useEngine(invocation, config, use, () => {});
}

function placeOf({ configPath, env }: Invocation) {
  return { env, ...(configPath === undefined ? {} : { path: configPath }) };
}

async function useEngine<Result>(
  { interruption: { signal } }: Invocation,
  config: LoadedConfig,
  use: UseOfEngine<Result>,
  sayStopping: () => void,
): Promise<Result> {
  const engine = await engineFromConfig(config);
  const stop = () => {
    sayStopping();
    void engine.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await use(engine, config);
  } catch (error) {
    if (TokenError.is(error) && error.account !== undefined) {
      noteAccountOf(error, error.account, engine, config);
    }
    throw error;
  } finally {
    await engine.stop();
    signal.removeEventListener('abort', stop);
  }
}

/** @param key the account's id, or its name */
export function noteAccountOf(
  error: TokenError,
  key: string,
  engine: TokenEngine,
  config: LoadedConfig,
): void {
  const account = accountCalled(key, engine);
  if (account === undefined) return;
  const origin = originOf(account, config);
  noteAccount(error, { ...account, origin, logsPeopleIn: logsPeopleIn(account, config) });
}
