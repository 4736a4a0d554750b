import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { init } from '../src/commands/init.js';
import { engineFromConfig } from '../src/config/engine-from-config.js';
import { loadConfig } from '../src/config/load-config.js';
import { writePrivateFile } from '../src/config/write-private-file.js';
import type { InitOptions } from '../src/init/questions.js';
import { SANDBOX_PORT, sandboxServers } from '../src/sandbox/sandbox-world.js';
import { folderWith } from './config-folder.js';
import { recordedCommand } from './recorded-command.js';

const nothing: InitOptions = {
  provider: undefined,
  account: undefined,
  baseUrl: undefined,
  store: undefined,
  secrets: undefined,
  sandbox: false,
  force: false,
  yes: false,
};

const values = { email: 'a@b.example', username: 'ada', clientId: 'app', appId: 'app_1_1' };

describe('init writes a config that loads', () => {
  test.each([
    { provider: 'chatapp' },
    { provider: 'teletracker', account: 'fleet' },
    { provider: 'auth-refresh', baseUrl: 'https://api.example.com' },
    { provider: 'digital-river', account: 'shop', store: './tokens.db' },
    { provider: 'oauth20', baseUrl: 'https://id.example.com', account: 'my shop: "eu"' },
  ])('with the variables it names set: $provider', async (options) => {
    const path = join(folderWith(), 'tokenkeep.yaml');
    const { invocation, out } = recordedCommand(path, {}, true);
    await init({ ...nothing, ...options }, invocation);
    const { variables, store, config } = JSON.parse(out());
    expect(config).toBe(path);
    const env = Object.fromEntries(variables.map((name: string) => [name, 'value']));
    const loaded = await loadConfig({ path, env });
    expect(loaded.accounts.map(({ name }) => name)).toEqual([options.account ?? 'main']);
    expect(loaded.store).toBe(store);
    expect(loaded.warnings).toEqual([]);
    expect([...loaded.secretVariables].sort()).toEqual([...variables].sort());
  });

  test('with secrets in files, once those are there', async () => {
    const folder = folderWith({ 'main.password': 'secret\n' });
    const path = join(folder, 'tokenkeep.yaml');
    const { invocation, out } = recordedCommand(path, {}, true);
    await init({ ...nothing, provider: 'chatapp', secrets: 'file' }, invocation);
    expect(JSON.parse(out()).files).toEqual(['./main.password']);
    const env = { CHATAPP_EMAIL: values.email, CHATAPP_APP_ID: values.appId };
    const { accounts } = await loadConfig({ path, env });
    const { credentials } = accounts[0] ?? {};
    expect(typeof credentials === 'function' && (await credentials())).toEqual({
      email: values.email,
      password: 'secret',
      appId: values.appId,
    });
  });

  test('S26 it is 0600 from its first instant, whatever the umask, and no draft is left', async () => {
    const folder = folderWith();
    const former = process.umask(0);
    const { invocation } = recordedCommand(join(folder, 'tokenkeep.yaml'));
    await init({ ...nothing, provider: 'chatapp' }, invocation);
    process.umask(former);
    expect(statSync(join(folder, 'tokenkeep.yaml')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['tokenkeep.yaml']);
  });

  test('for the sandbox, whose servers know the accounts of the config', async () => {
    const path = join(folderWith(), 'tokenkeep.yaml');
    const { invocation, out } = recordedCommand(path);
    await init({ ...nothing, sandbox: true }, invocation);
    expect(out()).toContain(`tokenkeep sandbox --config ${path}`);
    const config = await loadConfig({ path, env: {} });
    expect(config.store).toBe(join(path, '..', '.tokenkeep', 'sandbox.db'));
    // Others may be using the sandbox's own ports.
    const port = 20_000 + 3 * (process.pid % 10_000);
    const text = readFileSync(path, 'utf8');
    const moved = [0, 1, 2].reduce(
      (now, offset) => now.replace(`:${SANDBOX_PORT + offset}`, `:${port + offset}`),
      text,
    );
    writeFileSync(path, moved);
    const servers = sandboxServers(port, 60_000);
    await Promise.all(servers.map((server) => server.start()));
    try {
      await using engine = await engineFromConfig(await loadConfig({ path, env: {} }));
      for (const { name } of engine.accounts.list()) {
        expect((await engine.getToken(name)).generation).toBe(1);
      }
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });

  test('it says what to set, and what to do then', async () => {
    const path = join(folderWith(), 'tokenkeep.yaml');
    const { invocation, out } = recordedCommand(path);
    await init({ ...nothing, provider: 'chatapp', account: 'crm' }, invocation);
    expect(out()).toContain('export CHATAPP_EMAIL=...');
    // Not an assignment: the shell would remember it.
    expect(out()).toContain('read -rs CHATAPP_PASSWORD && export CHATAPP_PASSWORD');
    expect(out()).toMatch(/tokenkeep doctor .*\n.*tokenkeep token crm .*\n.*tokenkeep status /);
    expect(readFileSync(path, 'utf8')).toContain(`password: \${CHATAPP_PASSWORD}`);
  });

  test('an editor is told of the schema where it is installed', async () => {
    const folder = folderWith({ 'node_modules/tokenkeep/tokenkeep.schema.json': '{}' });
    const path = join(folder, 'tokenkeep.yaml');
    await init({ ...nothing, provider: 'chatapp' }, recordedCommand(path).invocation);
    expect(readFileSync(path, 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=\.\/node_modules/,
    );
  });
});

describe('init refuses', () => {
  const refusal = async (options: Partial<InitOptions>, path: string) => {
    const error = await init({ ...nothing, ...options }, recordedCommand(path).invocation).catch(
      (thrown: unknown) => thrown,
    );
    return error as Error;
  };
  const place = () => join(folderWith(), 'tokenkeep.yaml');

  test('to replace a config, unless it is told to', async () => {
    const folder = folderWith({ 'tokenkeep.yaml': 'mine' });
    const path = join(folder, 'tokenkeep.yaml');
    expect(await refusal({ provider: 'chatapp' }, path)).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: `${path} is there already. To replace it, add --force.`,
    });
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(await refusal({ provider: 'chatapp', force: true }, path)).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toContain('chatapp');
    expect(readdirSync(folder)).toEqual(['tokenkeep.yaml']);
  });

  test('to replace a file that came in between', () => {
    const folder = folderWith({ 'tokenkeep.yaml': 'theirs' });
    const path = join(folder, 'tokenkeep.yaml');
    expect(() => writePrivateFile(path, 'ours', false)).toThrow(/is there already/);
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    expect(readdirSync(folder)).toEqual(['tokenkeep.yaml']);
  });

  test('a second config beside another', async () => {
    const folder = folderWith({ 'tokenkeep.json': '{}' });
    const error = await refusal({ provider: 'chatapp' }, join(folder, 'tokenkeep.yaml'));
    expect(error.message).toMatch(/Two configs in one folder/);
  });

  test.each<[string, Partial<InitOptions>, RegExp]>([
    ['no provider, where nobody can be asked', {}, /Say which provider: --provider chatapp\|/],
    ['an unknown provider', { provider: 'chatap' }, /no provider chatap\. Did you mean "chatapp"/],
    ['no URL for a kind that needs one', { provider: 'oauth20' }, /--base-url https/],
    ['secrets from elsewhere', { provider: 'chatapp', secrets: 'hunter2' }, /--secrets env or/],
    ['a URL without https', { provider: 'oauth20', baseUrl: 'http://a.example' }, /over http/],
    ['a URL that is none', { provider: 'oauth20', baseUrl: 'a b' }, /absolute URL/],
  ])('%s, and writes nothing', async (_, options, says) => {
    const path = place();
    const error = await refusal(options, path);
    expect(error.message).toMatch(says);
    expect(error.message).not.toContain('hunter2');
    expect(existsSync(path)).toBe(false);
  });

  test('S27 a folder in which others could replace the config', async () => {
    const folder = folderWith();
    chmodSync(folder, 0o777);
    const error = await refusal({ provider: 'chatapp' }, join(folder, 'tokenkeep.yaml'));
    expect(error.message).toContain(`Run: chmod go-w ${folder}`);
  });

  test('a folder that is not there, and a name that is no YAML', async () => {
    const path = join(folderWith(), 'new', 'tokenkeep.yaml');
    expect((await refusal({ provider: 'chatapp' }, path)).message).toMatch(/mkdir -p/);
    const json = place().replace('.yaml', '.json');
    expect((await refusal({ provider: 'chatapp' }, json)).message).toMatch(/writes YAML/);
  });
});
