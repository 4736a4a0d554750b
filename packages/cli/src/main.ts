#!/usr/bin/env node
import { CommanderError } from 'commander';
import { tokenkeepProgram } from './program.js';
import { commandLineError } from './terminal/command-line-error.js';
import { showError } from './terminal/error-block.js';
import { exitCodes } from './terminal/exit-codes.js';
import { listenForInterruption } from './terminal/interruption.js';
import { processTerminal } from './terminal/process-terminal.js';
import { refuseSecretArguments } from './terminal/secret-arguments.js';
import { usageWords } from './terminal/usage-words.js';

const { argv, env } = process;
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

const program = tokenkeepProgram({ terminal, env, interruption }, (code) => {
  process.exitCode = code;
});

try {
  refuseSecretArguments(args);
  await program.parseAsync(argv);
} catch (error) {
  process.exitCode = endOf(error);
} finally {
  interruption[Symbol.dispose]();
}

function endOf(error: unknown): number {
  if (interruption.exitCode !== undefined) {
    if (!terminal.json) terminal.err('Ended by a signal. What was on its way is saved.');
    return interruption.exitCode;
  }
  if (!(error instanceof CommanderError)) return showError(error, terminal);
  // Help and the version are printed, and are no errors; help for want of a command is.
  if (error.code === 'commander.help') return exitCodes.usage;
  if (error.exitCode === 0) return exitCodes.ok;
  return showError(commandLineError(usageWords(error, commandTyped())), terminal);
}

/** As far as it is one of ours. */
function commandTyped(): string {
  const name = ours.find((argument) => !argument.startsWith('-'));
  const command = program.commands.find((each) => each.name() === name);
  return command === undefined ? program.name() : `${program.name()} ${command.name()}`;
}
