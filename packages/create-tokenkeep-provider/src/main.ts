#!/usr/bin/env node
import { CommanderError } from 'commander';
import { CommandLineError } from './command-line-error.js';
import { createProgram } from './program.js';

const WRONG_COMMAND_LINE = 2;

const { stdin: input, stdout: output } = process;
const person = input.isTTY && output.isTTY ? { input, output } : undefined;
const say = (line: string) => void output.write(`${line}\n`);

try {
  await createProgram(person, say, (code) => {
    process.exitCode = code;
  }).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // It has told what is wrong.
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_COMMAND_LINE;
  } else {
    process.exitCode = error instanceof CommandLineError ? WRONG_COMMAND_LINE : 1;
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  }
}
