import { stderr, stdout } from 'node:process';
import { type ExitCode, exitCodes } from './exit-codes.js';

const endings = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;
type EndingSignal = keyof typeof endings;

/** The wish that this process ends. A second signal ends it at once, whatever is under way. */
export interface Interruption extends Disposable {
  /** Aborted by the first SIGINT or SIGTERM, or when nobody reads what it writes. */
  readonly signal: AbortSignal;
  /** What a command that was not done ends with: 130 or 143. Undefined without a signal. */
  readonly exitCode: ExitCode | undefined;
}

/** Listens until it is disposed of: then signals do again what they do by themselves. */
export function listenForInterruption(): Interruption {
  const ended = new AbortController();
  let exitCode: ExitCode | undefined;
  const listen = (name: EndingSignal) => {
    // A reply may be on its way: the first signal lets it arrive and be saved.
    if (exitCode !== undefined) process.exit(endings[name]);
    exitCode = endings[name];
    ended.abort();
  };
  const readerLeft = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    ended.abort();
  };
  const names = Object.keys(endings) as EndingSignal[];
  for (const name of names) process.on(name, listen);
  for (const stream of [stdout, stderr]) stream.on('error', readerLeft);
  return {
    signal: ended.signal,
    get exitCode() {
      return exitCode;
    },
    [Symbol.dispose]() {
      for (const name of names) process.off(name, listen);
    },
  };
}
