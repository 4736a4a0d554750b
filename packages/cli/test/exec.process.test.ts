import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { fault } from '@tokenkeep/testing';
import { CliWorld } from './cli-world.js';
import type { RunningCli } from './running-cli.js';

const printEnv = 'console.log(JSON.stringify(process.env))';
const node = process.execPath;

/** A child that says who it is and lives until it is told to end. */
const patient = [
  'process.on("SIGTERM", () => { console.log("told"); process.exit(7); });',
  'console.log("child " + process.pid);',
  'setInterval(() => {}, 1000);',
].join('');

async function childOf(cli: RunningCli): Promise<number> {
  await cli.shows('child ');
  await sleep(20);
  return Number(/child (\d+)/.exec(cli.written)?.[1]);
}

test('exec gives the child the token, its input and output, and ends with its code', async () => {
  await using world = await CliWorld.begin();
  const script = 'process.stdin.pipe(process.stdout); process.exitCode = 42;';
  const { code, out, err } = await world.run(['exec', 'crm', '--', node, '-e', script], {
    stdin: 'through\n',
  });
  expect({ code, out, err }).toEqual({ code: 42, out: 'through\n', err: '' });
  const child = await world.run(['exec', 'crm', '--', node, '-e', printEnv]);
  expect(JSON.parse(child.out).TOKENKEEP_TOKEN).toBe(world.newestToken());
});

test('S21 the child gets what it was told to and none of the secrets of the configuration', async () => {
  await using world = await CliWorld.begin();
  const { out } = await world.run(
    ['exec', 'crm', '--env', 'API_TOKEN', '--header-env', 'AUTH', '--', node, '-e', printEnv],
    { env: { OF_THE_CHILD: 'kept' } },
  );
  const token = world.newestToken();
  const given = JSON.parse(out);
  expect(given).toMatchObject({
    API_TOKEN: token,
    AUTH: `authorization: Bearer ${token}`,
    OF_THE_CHILD: 'kept',
  });
  expect(given).not.toHaveProperty('CRM_PASSWORD');
  expect(given).not.toHaveProperty('TOKENKEEP_TOKEN');
  expect(out).not.toContain(world.password.random);
});

test('S21 while the child runs, no command line has a secret, and only its environment the token', async () => {
  await using world = await CliWorld.begin();
  const cli = world.start(['exec', 'crm', '--', node, '-e', patient]);
  const child = await childOf(cli);
  const token = world.newestToken() ?? '';
  for (const pid of [cli.pid, child]) {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    expect(commandLine).not.toContain(token);
    expect(commandLine).not.toContain(world.password.random);
  }
  const environment = readFileSync(`/proc/${child}/environ`, 'utf8').split('\0');
  expect(environment.filter((line) => line.includes(token))).toEqual([`TOKENKEEP_TOKEN=${token}`]);
  expect(environment.join()).not.toContain(world.password.random);
  expect(readFileSync(`/proc/${cli.pid}/environ`, 'utf8')).not.toContain(token);
  cli.signal('SIGTERM');
  await cli.ended;
});

test('exec passes a signal on to the child and ends as the child does', async () => {
  await using world = await CliWorld.begin();
  const cli = world.start(['exec', 'crm', '--', node, '-e', patient]);
  await childOf(cli);
  cli.signal('SIGTERM');
  expect(await cli.ended).toMatchObject({ code: 7, out: expect.stringContaining('told') });
});

test('exec ends with 128 and the number of the signal that ended the child', async () => {
  await using world = await CliWorld.begin();
  const script = 'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)';
  expect((await world.run(['exec', 'crm', '--', node, '-e', script])).code).toBe(137);
});

test('exec says that a command is not there, is none, or is not given', async () => {
  await using world = await CliWorld.begin();
  const missing = await world.run(['exec', 'crm', '--', 'no-such-command']);
  expect([missing.code, missing.out]).toEqual([127, '']);
  expect(missing.err).toContain('There is no command no-such-command.');
  const none = world.file('notes.txt', 'no program');
  expect((await world.run(['exec', 'crm', '--', none])).code).toBe(126);
  for (const [file, code] of [
    ['no-such-command', 127],
    [none, 126],
  ] as const) {
    const json = await world.run(['exec', 'crm', '--json', '--', file]);
    expect([json.code, json.out]).toEqual([code, '']);
    expect(JSON.parse(json.err).error).toMatchObject({ reason: 'command_line' });
  }
  const nothing = await world.run(['exec', 'crm']);
  expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining('two hyphens')]);
  expect(join(world.folder, 'notes.txt')).toBe(none);
});

test('exec runs nothing where there is no token', async () => {
  await using world = await CliWorld.begin();
  world.server.truth.accounts.clear();
  const { code, out } = await world.run(['exec', 'crm', '--', node, '-e', 'console.log("ran")']);
  expect([code, out]).toEqual([4, '']);
});

test('exec begins no child once it was told to end, also where the token was at hand', async () => {
  await using world = await CliWorld.begin({ rules: { accessLifeMs: 10_000 } });
  await world.run(['token', 'crm']);
  // Old enough to be renewed behind the command's back, by a server that takes its time.
  await sleep(8_000);
  const { server } = world;
  server.faults.always('refresh', fault.delay(3_000));
  const began = join(world.folder, 'began');
  const touch = `require('node:fs').writeFileSync(${JSON.stringify(began)}, '')`;
  const cli = world.start(['exec', 'crm', '--', node, '-e', touch]);
  while (server.log.count({ operation: 'refresh' }) === 0) await sleep(20);
  cli.signal('SIGTERM');
  expect((await cli.ended).code).toBe(143);
  expect(existsSync(began)).toBe(false);
});

test('exec of what is no command at all ends as shells do', async () => {
  await using world = await CliWorld.begin();
  const file = world.file('plain-file', '');
  for (const command of [join(file, 'below'), 'x'.repeat(5_000), file]) {
    expect((await world.run(['exec', 'crm', '--', command])).code).toBe(126);
  }
});
