#!/usr/bin/env node
import { CommanderError } from 'commander';
import { tokenkeepProgram } from './program.js';
import { exitCodes } from './terminal/exit-codes.js';
import { listenForInterruption } from './terminal/interruption.js';
import { processTerminal } from './terminal/process-terminal.js';
import { refuseSecretArguments } from './terminal/secret-arguments.js';

const PATIENCE_MS = 500;
const { argv, env, stdout, stderr } = process;
const args = argv.slice(2);
const ours = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
// Looked for here: an error on the command line itself has to be told in the same form.
const terminal = processTerminal({
  json: ours.includes('--json'),
  verbose: ours.includes('--verbose'),
  color: !ours.includes('--no-color'),
  env,
});
const interruption = listenForInterruption();
// What the code of a plug-in leaves behind, Node would print as it is, secrets and all.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, async (error: unknown) => process.exit(await endOf(error)));
}

const program = tokenkeepProgram({ terminal, env, interruption }, (code) => {
  process.exitCode = code;
});

try {
  await refuseSecretArguments(args);
  await program.parseAsync(argv);
} catch (error) {
  process.exitCode = await endOf(error);
} finally {
  interruption[Symbol.dispose]();
  setTimeout(endWhenWritten, PATIENCE_MS).unref();
}

/** Everything is done, and a timer or a socket of a plug-in keeps the process from ending. */
function endWhenWritten(): void {
  stdout.write('', () => stderr.write('', () => process.exit()));
}

async function endOf(error: unknown): Promise<number> {
  if (interruption.exitCode !== undefined) {
    if (!terminal.json) terminal.err('Ended by a signal. What was on its way is saved.');
    return interruption.exitCode;
  }
  if (error instanceof CommanderError) {
    // Help and the version are printed, and are no errors; help for want of a command is.
    if (error.exitCode === 0) return exitCodes.ok;
    if (error.code === 'commander.help' && !terminal.json) return exitCodes.usage;
  }
  // Only errors need them: whoever asks for the help does not wait for the engine to be read.
  const { showError } = await import('./terminal/error-block.js');
  const { commandLineError } = await import('./terminal/command-line-error.js');
  const { usageWords } = await import('./terminal/usage-words.js');
  if (!(error instanceof CommanderError)) return showError(error, terminal);
  return showError(commandLineError(usageWords(error, commandTyped())), terminal);
}

/** As far as it is one of ours: `tokenkeep accounts add`. */
function commandTyped(): string {
  const words = ours.filter((_, index) => !['-c', '--config'].includes(ours[index - 1] ?? ''));
  let command = program;
  let typed = program.name();
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) continue;
    command = next;
    typed += ` ${word}`;
  }
  return typed;
}
