import { Readable, Writable } from 'node:stream';
import picocolors from 'picocolors';
import type { Invocation } from '../src/invocation.js';

export interface RecordedCommand {
  readonly invocation: Invocation;
  /** What was written to stdout. */
  readonly out: () => string;
  readonly err: () => string;
}

/** An invocation without a person and without colours, whose output is kept. */
export function recordedCommand(
  configPath: string | undefined,
  env: NodeJS.ProcessEnv = {},
  json = false,
): RecordedCommand {
  const lines: { out: string[]; err: string[] } = { out: [], err: [] };
  const colours = picocolors.createColors(false);
  const terminal: Invocation['terminal'] = {
    out: (text) => void lines.out.push(text),
    err: (text) => void lines.err.push(text),
    show: (value, words) => terminal.out(json ? JSON.stringify(value) : words()),
    isTty: false,
    canAsk: false,
    colours,
    errColours: colours,
    json,
    verbose: false,
    width: 80,
    stdin: Readable.from([]),
    stderr: new Writable({ write: (_chunk, _encoding, done) => done() }),
    now: () => Date.now(),
  };
  const interruption = {
    signal: new AbortController().signal,
    exitCode: undefined,
    [Symbol.dispose]() {},
  };
  return {
    invocation: { terminal, env, configPath, interruption },
    out: () => lines.out.join('\n'),
    err: () => lines.err.join('\n'),
  };
}
