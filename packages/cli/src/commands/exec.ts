import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { AccessToken } from '@tokenkeep/core';
import { type Invocation, withEngine } from '../invocation.js';
import { commandLineError } from '../terminal/command-line-error.js';
import { showError } from '../terminal/error-block.js';
import { plainText } from '../terminal/plain-text.js';
import { headerLines, waitForToken } from './token.js';

/** As shells say it: there is no such command; it cannot be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

const passedOn = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
/** What a terminal sends to all its foreground processes by itself. */
const sentByTerminals: readonly string[] = ['SIGINT', 'SIGQUIT'];

export interface ExecOptions {
  /** The variable for the token. */
  readonly env: string;
  /** A further variable for the header line. */
  readonly headerEnv: string | undefined;
  readonly minValidityMs: number | undefined;
}

/**
 * Runs a command with a token in its environment. Its input, output and exit code are those of
 * this process.
 *
 * @returns the code to exit with
 */
export async function exec(
  account: string,
  command: readonly string[],
  options: ExecOptions,
  invocation: Invocation,
): Promise<number> {
  const [file, ...args] = command;
  if (file === undefined) {
    throw commandLineError(
      'There is no command to run. Put it after two hyphens: tokenkeep exec crm -- my-program',
    );
  }
  const { terminal, interruption } = invocation;
  const env = await withEngine(invocation, async (engine, config) => {
    const place = { engine, config, terminal };
    const token = await waitForToken(place, account, options.minValidityMs);
    return childEnvironment(invocation.env, config.secretVariables, options, token);
  });
  // Who wanted it to end does not want it to begin.
  if (interruption.exitCode !== undefined) return interruption.exitCode;
  // From here on signals are the child's.
  interruption[Symbol.dispose]();
  try {
    return await endOf(spawn(file, args, { stdio: 'inherit', env }));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = missing ? 'There is no command' : 'This command cannot be run:';
    showError(commandLineError(`${problem} ${plainText(file)}.`), terminal);
    return missing ? NOT_FOUND : NOT_RUNNABLE;
  }
}

/** Ours, without the secrets that the configuration names, and with what the child is to have. */
function childEnvironment(
  own: NodeJS.ProcessEnv,
  secretVariables: readonly string[],
  { env, headerEnv }: Pick<ExecOptions, 'env' | 'headerEnv'>,
  token: AccessToken,
): NodeJS.ProcessEnv {
  const kept = Object.entries(own).filter(([name]) => !secretVariables.includes(name));
  return {
    ...Object.fromEntries(kept),
    [env]: token.reveal(),
    ...(headerEnv === undefined ? {} : { [headerEnv]: headerLines(token).join('\n') }),
  };
}

function endOf(child: ChildProcess): Promise<number> {
  const listeners = passedOn.map((name) => {
    const listener = () => {
      if (process.stdin.isTTY && sentByTerminals.includes(name)) return;
      child.kill(name);
    };
    process.on(name, listener);
    return [name, listener] as const;
  });
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  }).finally(() => {
    for (const [name, listener] of listeners) process.off(name, listener);
  });
}
