import type { LogEntry } from '@tokenkeep/testing';
import type { Invocation } from '../invocation.js';
import { sandboxAccounts, sandboxConfigText, sandboxServers } from '../sandbox/sandbox-world.js';
import { commandLineError } from '../terminal/command-line-error.js';
import { durationInWords, isoTime, momentInWords } from '../terminal/life-in-words.js';
import { plainText } from '../terminal/plain-text.js';
import type { Colours } from '../terminal/terminal.js';
import { untilAborted } from '../terminal/until-aborted.js';

export interface SandboxOptions {
  /** The first of three ports. */
  readonly port: number;
  readonly lifeMs: number;
}

/** Runs the scripted servers until a signal comes; a line for each request. */
export async function sandbox(
  { port, lifeMs }: SandboxOptions,
  { terminal, interruption }: Invocation,
): Promise<void> {
  const accounts = sandboxAccounts(port);
  const servers = sandboxServers(port, lifeMs);
  try {
    for (const [index, server] of servers.entries()) {
      await server.start().catch((error: NodeJS.ErrnoException) => {
        throw cannotListen(port + index, error.code);
      });
      server.onProcessed((entry) => {
        terminal.show(requestFacts(entry), () => requestText(entry, terminal.colours));
      });
    }
    terminal.show({ listening: accounts, accessLifeMs: lifeMs }, () =>
      introduction(port, lifeMs, terminal.colours),
    );
    await untilAborted(interruption.signal);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function cannotListen(port: number, code: string | undefined) {
  const problem = code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${code ?? 'unknown'})`;
  const other = port > 60_000 ? port - 1_000 : port + 1_000;
  return commandLineError(
    `Port ${port} ${problem}. Is another sandbox running? Or give three others in a row: ` +
      `tokenkeep sandbox --port ${other}`,
  );
}

function introduction(port: number, lifeMs: number, paint: Colours): string {
  const servers = sandboxAccounts(port).map(
    ({ name, use, baseUrl }) => `  ${baseUrl}  ${use.padEnd(12)}  account ${paint.bold(name)}`,
  );
  const config = sandboxConfigText(port)
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);
  return [
    `${paint.green('●')} The sandbox runs. Access tokens live ${durationInWords(lifeMs)}.`,
    '',
    ...servers,
    '',
    `The configuration for it, which ${paint.bold('tokenkeep init --sandbox')} writes:`,
    '',
    ...config.map((line) => paint.dim(line)),
    '',
    'In another terminal:',
    '',
    `  ${paint.bold('tokenkeep token crm')}`,
    `  ${paint.bold('tokenkeep status')}`,
    '',
    paint.dim('Requests, as they come. Ctrl-C stops.'),
  ].join('\n');
}

function requestFacts({ at, method, path, operation, outcome, status, accountId }: LogEntry) {
  return {
    at: isoTime(at),
    ...(accountId === undefined ? {} : { account: accountId }),
    method,
    path: plainText(path),
    operation,
    outcome,
    status,
  };
}

function requestText(entry: LogEntry, paint: Colours): string {
  const { at, method, path, outcome, status, accountId = '?' } = entry;
  const well = status >= 200 && status < 300;
  const end = (well ? paint.green : paint.yellow)(`${status} ${outcome.replace('_', ' ')}`);
  const what = `${method} ${plainText(path)}`;
  return `${paint.dim(momentInWords(at, at))}  ${paint.bold(accountId.padEnd(7))}  ${what}  ${end}`;
}
