import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CliEnd, RunningCli } from './running-cli.js';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenkeep-line-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Needs no configuration: there is none. */
function run(line: string, env: Readonly<Record<string, string>> = {}): Promise<CliEnd> {
  return new RunningCli(line === '' ? [] : line.split(' '), { cwd: folder, env }).ended;
}

test.each(['help token', 'help', 'token --help', 'help keys'])(
  'help that was asked for is printed to stdout and ends with 0: %s',
  async (line) => {
    const { code, out, err } = await run(line);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Usage: tokenkeep/);
  },
);

test.each(['', 'keys', 'accounts'])('a command is wanted after "tokenkeep %s"', async (line) => {
  const { code, out, err } = await run(line);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^Usage: tokenkeep/);
});

test.each([
  ['--json', 'See: tokenkeep --help'],
  ['keys --json', 'See: tokenkeep keys --help'],
  ['accounts --json', 'See: tokenkeep accounts --help'],
  ['help nope --json', 'See: tokenkeep --help'],
  ['token --json', 'See: tokenkeep token --help'],
  ['status --json', 'tokenkeep init'],
])('with --json all of stderr is JSON: tokenkeep %s', async (line, words) => {
  const { code, out, err } = await run(line);
  expect([code, out]).toEqual([2, '']);
  const { error } = JSON.parse(err);
  expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID' });
  expect(error.message).toContain(words);
});

test.each([
  ['stats', "✖ Unknown command 'stats'. Did you mean status? See: tokenkeep --help\n"],
  ['keys lst', "✖ Unknown command 'lst'. Did you mean list? See: tokenkeep keys --help\n"],
  [
    'token a b',
    "✖ Too many arguments for 'token'. Expected 1 argument but got 2. See: tokenkeep token --help\n",
  ],
  [
    'accounts add x',
    "✖ Required option '--provider <id>' not specified. See: tokenkeep accounts add --help\n",
  ],
  ['keys promote', "✖ Missing required argument 'id'. See: tokenkeep keys promote --help\n"],
  [
    '--config none.yaml keys promote',
    "✖ Missing required argument 'id'. See: tokenkeep keys promote --help\n",
  ],
])(
  'what is typed wrong is told in one sentence, with the help of that command: %s',
  async (line, words) => {
    expect(await run(line)).toMatchObject({ code: 2, out: '', err: words });
  },
);

test('the version and the help read neither the engine nor a provider nor the prompts', async () => {
  // Node says with this which modules it loads.
  const env = { NODE_DEBUG: 'esm' };
  for (const line of ['--version', '--help', 'token --help']) {
    const { err } = await run(line, env);
    expect(err).toContain('commander');
    for (const heavy of ['inversify', 'zod', 'libsql', '@clack', 'luxon', 'packages/core']) {
      expect([line, err.includes(heavy) ? heavy : '']).toEqual([line, '']);
    }
  }
});

test('a token is fetched without the prompts, the tables and the scripted servers', async () => {
  const { err } = await run('token crm', { NODE_DEBUG: 'esm' });
  expect(err).toContain('zod');
  for (const heavy of ['@clack', 'cli-table3', 'packages/testing']) {
    expect(err.includes(heavy) ? heavy : '').toBe('');
  }
});
