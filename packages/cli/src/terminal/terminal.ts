import type { Readable, Writable } from 'node:stream';
import type { EpochMs } from '@tokenkeep/core';
import type picocolors from 'picocolors';

export type Colours = ReturnType<typeof picocolors.createColors>;

/**
 * What a command may know of the place it runs in. Results go to stdout, everything said about
 * them to stderr, so that `$(tokenkeep token crm)` is a token and nothing else.
 */
export interface Terminal {
  /** A line, or several, to stdout. A newline is added. */
  out(text: string): void;
  /** A line, or several, to stderr. A newline is added. */
  err(text: string): void;
  /** The result of a command: with `--json` the value as one line of JSON, else the words. */
  show(value: unknown, words: () => string): void;
  /** Whether a person reads stdout. */
  readonly isTty: boolean;
  /** Whether a person can be asked: stdin and stderr are a terminal, and `--json` is not given. */
  readonly canAsk: boolean;
  /** For stdout. They change nothing where there are to be no colours. */
  readonly colours: Colours;
  /** For stderr. */
  readonly errColours: Colours;
  readonly json: boolean;
  readonly verbose: boolean;
  /** Columns of stdout; 80 where that is not known. */
  readonly width: number;
  /** For prompts, and for what is piped in. */
  readonly stdin: Readable;
  /** For prompts and spinners. */
  readonly stderr: Writable;
  /** Wall clock. */
  now(): EpochMs;
}
