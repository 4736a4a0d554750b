import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { tokenkeepProgram } from '../src/program.js';
import { exitCodes } from '../src/terminal/exit-codes.js';
import { recordedCommand } from './recorded-command.js';

const page = readFileSync(new URL('../../../docs/reference/cli.md', import.meta.url), 'utf8');
const program = tokenkeepProgram(recordedCommand(undefined).invocation, () => {});

/** Commands that do something, by what is typed. */
function commandsOf(parent: Command, path = ''): [string, Command][] {
  return parent.commands.flatMap((command) => {
    const name = `${path} ${command.name()}`.trim();
    return command.commands.length > 0 ? commandsOf(command, name) : [[name, command]];
  });
}

const commands = commandsOf(program);

/** What stands under a heading, up to the next one. */
function sectionOf(heading: string): string {
  const [, after = ''] = page.split(`\n${heading}\n`);
  return after.split(/^#{1,6} /m)[0] ?? '';
}

/** The rows of the table of options in a section, flags and words. */
function optionsIn(section: string): [string, string][] {
  return [...section.matchAll(/^\| `(-[^`]+)` \| (.*) \|$/gm)].map(([, flags = '', words = '']) => [
    flags,
    words.replace(/ \(default: .*\)$/, ''),
  ]);
}

function optionsOf(command: Command): [string, string][] {
  return command.options.map(({ flags, description }) => [
    flags,
    description.replace(/ \(default: .*\)$/, ''),
  ]);
}

test('the reference has every command there is, and no other', () => {
  const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
  expect(headings).toEqual(commands.map(([name]) => name));
});

test.each(commands)('the reference has every option of %s, in the same words', (name, command) => {
  const section = sectionOf(`### ${name}`);
  expect(section).toContain(`\`tokenkeep ${name}`);
  expect(optionsIn(section)).toEqual(optionsOf(command));
});

test('the reference has the options of every command', () => {
  const described = optionsIn(sectionOf('## Options of every command')).map(([flags]) => flags);
  const options = [...optionsOf(program).map(([flags]) => flags), '-h, --help'];
  expect(described.sort()).toEqual(options.sort());
});

test('the reference has every exit code', () => {
  const rows = [...sectionOf('## Exit codes').matchAll(/^\| ([\d, ]+) \|/gm)];
  const described = rows.flatMap(([, codes = '']) => codes.split(', ').map(Number));
  expect(described).toEqual(Object.values(exitCodes));
});

test('every command has examples in its help', () => {
  for (const [name, command] of commands) {
    let help = '';
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    expect([name, help]).toEqual([name, expect.stringContaining(`\n  tokenkeep ${name}`)]);
  }
});
