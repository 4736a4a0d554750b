import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { folderWith } from './config-folder.js';
import { RunningCli } from './running-cli.js';

test('init, doctor and keys, as a person types them', async () => {
  const cwd = folderWith();
  const home = folderWith();
  const run = (env: Readonly<Record<string, string>>, ...args: string[]) =>
    new RunningCli(args, { cwd, env: { HOME: home, XDG_STATE_HOME: home, ...env } }).ended;

  const made = await run({}, 'init', '--provider', 'chatapp', '--account', 'crm', '--yes');
  expect(made).toMatchObject({ code: 0, err: '' });
  const store = /tokens {2}(.*)/.exec(made.out)?.[1] ?? '';
  // On its own: another project's tokens are none of this one's.
  expect(store).toMatch(new RegExp(`^${home}/tokenkeep/${basename(cwd)}-[0-9a-f]{8}/tokens.db$`));
  expect(statSync(join(cwd, 'tokenkeep.yaml')).mode & 0o777).toBe(0o600);

  const unset = await run({}, 'doctor');
  expect(unset).toMatchObject({ code: 2, err: '' });
  expect(unset.out).toContain('Set it: export CHATAPP_PASSWORD=...');

  const login = { CHATAPP_EMAIL: 'a@b.example', CHATAPP_PASSWORD: 'pw', CHATAPP_APP_ID: 'app_1_1' };
  const set = await run(login, 'doctor', '--json');
  expect(set).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(set.out)).toMatchObject({ healthy: true });

  const status = await run(login, 'status', '--json');
  expect(status.code).toBe(0);
  expect(statSync(store).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(store)).mode & 0o777).toBe(0o700);
  const keys = await run({}, 'keys', 'list', '--json');
  expect(JSON.parse(keys.out)).toMatchObject({ keys: [{ seals: true, accounts: [] }] });
});

test('S21 init takes no secret as an argument, and repeats none', async () => {
  const cwd = folderWith();
  const args = ['init', '--provider', 'chatapp', '--password', 'hunter2', '--yes'];
  const { code, out, err } = await new RunningCli(args, { cwd }).ended;
  expect(code).toBe(2);
  expect(err).toMatch(/no secret goes on a command line/);
  expect(out + err).not.toContain('hunter2');
});
