import { stderr, stdin, stdout } from 'node:process';
import picocolors from 'picocolors';
import type { Terminal } from './terminal.js';

const DEFAULT_WIDTH = 80;

export interface TerminalOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  /** `false` with `--no-color`. */
  readonly color: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/** This process's stdin, stdout and stderr. */
export function processTerminal({ json, verbose, color, env }: TerminalOptions): Terminal {
  const colours = (stream: NodeJS.WriteStream) =>
    picocolors.createColors(color && wantsColours(stream, env));
  const terminal: Terminal = {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    show: (value, words) => terminal.out(json ? JSON.stringify(value) : words()),
    isTty: stdout.isTTY === true,
    canAsk: stdin.isTTY === true && stderr.isTTY === true && !json,
    colours: colours(stdout),
    errColours: colours(stderr),
    json,
    verbose,
    get width() {
      return stdout.columns || Number(env.COLUMNS) || DEFAULT_WIDTH;
    },
    stdin,
    stderr,
    now: () => Date.now(),
  };
  return terminal;
}

/** https://no-color.org and https://force-color.org: set and not empty; no colours come first. */
function wantsColours(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}
