import { text } from 'node:stream/consumers';
import { readProtectedFile } from '../config/protected-file.js';
import { commandLineError } from '../terminal/command-line-error.js';
import type { Terminal } from '../terminal/terminal.js';

const LONGEST_BYTES = 65_536;

/** Where secrets come from: never from an argument. */
export interface GivenBy {
  readonly stdin: boolean;
  /** Mode 0600. */
  readonly file: string | undefined;
}

/**
 * The JSON object on stdin or in the file; `undefined` where neither was asked for.
 *
 * @throws TokenError which names the place and repeats nothing of what was there
 */
export async function givenObject(
  { stdin, file }: GivenBy,
  terminal: Terminal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (stdin && file !== undefined) throw commandLineError('Give either stdin or a file, not both.');
  if (file !== undefined) {
    const { text: found } = readProtectedFile(file, { longestBytes: LONGEST_BYTES, secret: true });
    return objectIn(found, `The file ${file}`);
  }
  if (!stdin) return undefined;
  if (terminal.canAsk) terminal.err('Reading JSON from stdin. End it with Ctrl-D.');
  return objectIn(await text(terminal.stdin), 'What came on stdin');
}

function objectIn(found: string, place: string): Readonly<Record<string, unknown>> {
  // The parser's own message would quote what it stumbled over.
  const value = found.length > LONGEST_BYTES ? undefined : parsed(found);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw commandLineError(`${place} is not a JSON object of ${LONGEST_BYTES} characters at most.`);
}

function parsed(found: string): unknown {
  try {
    return JSON.parse(found);
  } catch {
    return undefined;
  }
}
