import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { init } from '../src/commands/init.js';
import { defaultStorePath } from '../src/config/default-store.js';
import { engineFromConfig } from '../src/config/engine-from-config.js';
import { loadConfig } from '../src/config/load-config.js';
import { writePrivateFile } from '../src/config/write-private-file.js';
import type { InitOptions } from '../src/init/questions.js';
import { SANDBOX_PORT } from '../src/sandbox/sandbox-defaults.js';
import { sandboxServers } from '../src/sandbox/sandbox-world.js';
import { askedCommand } from './asked-command.js';
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
    expect(loaded.accounts.map(({ name }) => name)).toEqual([options.account ?? options.provider]);
    expect(loaded.store.file).toBe(store);
    expect(loaded.warnings).toEqual([]);
    expect([...loaded.secretVariables].sort()).toEqual([...variables].sort());
  });

  test('with secrets in files, once those are there', async () => {
    const folder = folderWith();
    const path = join(folder, 'tokenkeep.yaml');
    const { invocation, out } = recordedCommand(path, {}, true);
    await init({ ...nothing, provider: 'chatapp', secrets: 'file' }, invocation);
    expect(JSON.parse(out()).files).toEqual(['./chatapp.password']);
    writeFileSync(join(folder, 'chatapp.password'), 'secret\n', { mode: 0o600 });
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
    expect(config.store.file).toBe(join(path, '..', '.tokenkeep', 'sandbox.db'));
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

describe('init says', () => {
  test('a command that makes a secret file, mode 0600, and shows the secret to nobody', async () => {
    const folder = folderWith();
    const { invocation, out } = recordedCommand(join(folder, 'tokenkeep.yaml'));
    await init({ ...nothing, provider: 'chatapp', secrets: 'file' }, invocation);
    const lines = out().split('\n');
    const line = lines.find((each) => each.includes('chatapp.password')) ?? '';
    const password = 'with %s, a \\ and "quotes"';
    const shell = { cwd: folder, input: `${password}\n`, encoding: 'utf8' } as const;
    expect(execFileSync('bash', ['-c', line], shell)).toBe('');
    expect(readFileSync(join(folder, 'chatapp.password'), 'utf8')).toBe(`${password}\n`);
    expect(statSync(join(folder, 'chatapp.password')).mode & 0o777).toBe(0o600);
  });

  test('that a secret file is used which is there already, and leaves it alone', async () => {
    const folder = folderWith({ 'chatapp.password': 'secret\n' });
    const { invocation, out, err } = recordedCommand(join(folder, 'tokenkeep.yaml'));
    await init({ ...nothing, provider: 'chatapp', secrets: 'file' }, invocation);
    expect(out()).not.toContain('chatapp.password');
    expect(err()).toContain('./chatapp.password is there already, and is used.');
    expect(readFileSync(join(folder, 'chatapp.password'), 'utf8')).toBe('secret\n');
  });

  test.each([{ npm_execpath: '/npm-cli.js' }, { npm_config_user_agent: 'npm/10' }])(
    'npx tokenkeep where npx runs it: %j',
    async (env) => {
      const { invocation, out } = recordedCommand(join(folderWith(), 'tokenkeep.yaml'), env, true);
      await init({ ...nothing, provider: 'chatapp' }, invocation);
      for (const next of JSON.parse(out()).next) expect(next).toMatch(/^npx tokenkeep /);
    },
  );

  test('where tokens are kept: in a folder of this config alone', async () => {
    const path = join(folderWith(), 'tokenkeep.yaml');
    const { invocation, out } = recordedCommand(path, {}, true);
    await init({ ...nothing, provider: 'chatapp' }, invocation);
    expect(JSON.parse(out()).store).toBe(defaultStorePath(path));
    // The path would be wrong once the file is moved.
    expect(readFileSync(path, 'utf8')).not.toContain(defaultStorePath(path));
  });
});

test('for a server on this machine init allows http', async () => {
  const path = join(folderWith(), 'tokenkeep.yaml');
  const baseUrl = 'http://127.0.0.1:7311';
  await init({ ...nothing, provider: 'oauth20', baseUrl }, recordedCommand(path).invocation);
  const env = { OAUTH20_CLIENT_ID: 'a', OAUTH20_CLIENT_SECRET: 'b' };
  const { allowInsecureLoopback, origins } = await loadConfig({ path, env });
  expect([allowInsecureLoopback, origins]).toEqual([true, [baseUrl]]);
});

describe('init asks', () => {
  const chatapp = { ...nothing, provider: 'chatapp', secrets: 'file' };
  const emptyLine = '\u0015';

  test('and tells a mistake at its question, not after the last one', async () => {
    const path = join(folderWith(), 'tokenkeep.yaml');
    const person = askedCommand(path);
    const ended = init({ ...nothing, provider: 'oauth20', secrets: 'env' }, person.invocation);
    await person.answers('What do you call the account?', '');
    await person.answers('Where is its server?', 'id.example.com');
    await person.answers('Give an absolute URL', `${emptyLine}http://id.example.com`);
    await person.answers(
      'Secrets do not go over http. Write https.',
      `${emptyLine}https://id.example.com`,
    );
    await person.answers('clientId', 'app');
    await ended;
    const config = await loadConfig({ path, env: { OAUTH20_CLIENT_SECRET: 's' } });
    expect(config.origins).toEqual(['https://id.example.com']);
    expect(config.accounts).toMatchObject([{ name: 'oauth20' }]);
  });

  test('S21 for a secret without showing it, and writes it to a file of mode 0600', async () => {
    const folder = folderWith();
    const person = askedCommand(join(folder, 'tokenkeep.yaml'));
    const ended = init(chatapp, person.invocation);
    await person.answers('What do you call the account?', '');
    await person.answers('email', values.email);
    await person.answers('appId', values.appId);
    await person.answers('password', 'hunter2');
    await ended;
    expect(readFileSync(join(folder, 'chatapp.password'), 'utf8')).toBe('hunter2\n');
    expect(statSync(join(folder, 'chatapp.password')).mode & 0o777).toBe(0o600);
    expect(person.shown()).toContain(values.email);
    expect(person.shown()).not.toContain('hunter2');
  });

  test('until somebody presses Ctrl-C: then nothing is written', async () => {
    const folder = folderWith();
    const person = askedCommand(join(folder, 'tokenkeep.yaml'));
    const ended = init(chatapp, person.invocation);
    await person.interrupts('What do you call the account?');
    await expect(ended).rejects.toMatchObject({ code: 'ABORTED', message: 'Nothing was written.' });
    expect(readdirSync(folder)).toEqual([]);
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
    ['a name that is too long', { provider: 'chatapp', account: 'a'.repeat(129) }, /--account is/],
    ['a name that is empty', { provider: 'chatapp', account: '' }, /--account is wrong/],
    ['a store without a name', { sandbox: true, store: '' }, /--store is wrong/],
    ['a URL that is none', { provider: 'oauth20', baseUrl: 'a b' }, /absolute URL/],
  ])('%s, and writes nothing', async (_, options, says) => {
    const path = place();
    const error = await refusal(options, path);
    expect(error.message).toMatch(says);
    expect(error.message).not.toContain('hunter2');
    // It is not there: nobody could look into it.
    expect(error.message).not.toContain(path);
    expect(existsSync(path)).toBe(false);
  });

  test('a wrong option before it asks anything', async () => {
    const person = askedCommand(place());
    const url = { ...nothing, baseUrl: 'a b' };
    await expect(init(url, person.invocation)).rejects.toThrow(/--base-url is wrong/);
    const unknown = { ...nothing, provider: 'chatapp', secrets: 'hunter2' };
    await expect(init(unknown, person.invocation)).rejects.toThrow(/--secrets env or/);
    expect(person.shown()).toBe('');
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
    expect((await refusal({ provider: 'chatapp' }, json)).message).toMatch(
      /What init writes is YAML/,
    );
  });
});
