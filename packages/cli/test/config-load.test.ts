import { createHash } from 'node:crypto';
import { realpathSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isAccountToken } from '@tokenkeep/core';
import { ChatAppAuthority } from '@tokenkeep/testing';
import { defaultStorePath } from '../src/config/default-store.js';
import { engineFromConfig } from '../src/config/engine-from-config.js';
import { loadConfig, loadConfigToLookAt } from '../src/config/load-config.js';
import { platformConfigFolder, platformStateFolder } from '../src/config/platform-folders.js';
import { folderWith } from './config-folder.js';

const minimal = 'providers: { chatapp: {} }\n';

const accountsOf = (password: string, more = '') => `
providers: { chatapp: { baseUrl: https://api.example.com } }
accounts:
  crm:
    provider: chatapp
    credentials: { email: a@b.example, password: '${password}', appId: app_1_1 }
${more}`;

async function credentialsIn(folder: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  const { accounts } = await loadConfig({ cwd: folder, env });
  const credentials = accounts[0]?.credentials;
  return typeof credentials === 'function' ? await credentials() : credentials;
}

test.each(['tokenkeep.yaml', 'tokenkeep.yml', 'tokenkeep.json'])(
  '%s is found in the current folder',
  async (name) => {
    const text = name.endsWith('json') ? '{\n\t"providers": { "chatapp": {} }\n}' : minimal;
    const folder = folderWith({ [name]: text });
    const { path, providers } = await loadConfig({ cwd: folder, env: {} });
    expect(path).toBe(join(folder, name));
    expect(providers.map(({ id }) => id)).toEqual(['chatapp']);
  },
);

test('--config comes before TOKENKEEP_CONFIG, and both before the current folder', async () => {
  const cwd = folderWith({ 'tokenkeep.yaml': minimal, 'a.yaml': minimal, 'b.yaml': minimal });
  const env = { TOKENKEEP_CONFIG: 'b.yaml' };
  expect((await loadConfig({ path: 'a.yaml', cwd, env })).path).toBe(join(cwd, 'a.yaml'));
  expect((await loadConfig({ cwd, env })).path).toBe(join(cwd, 'b.yaml'));
  expect((await loadConfig({ cwd, env: {} })).path).toBe(join(cwd, 'tokenkeep.yaml'));
});

test('without a config the error names the places, and how to make one', async () => {
  const cwd = folderWith();
  const error = await loadConfig({ cwd, env: {} }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', reason: 'config_missing' });
  expect(String(error)).toContain(`in ${cwd} or ${platformConfigFolder}. Make one: tokenkeep init`);
});

test('a config that was asked for and is not there is an error, not a reason to look on', async () => {
  const cwd = folderWith({ 'tokenkeep.yaml': minimal });
  await expect(loadConfig({ path: 'other.yaml', cwd, env: {} })).rejects.toThrow(
    `There is no file ${join(cwd, 'other.yaml')}.`,
  );
});

test('two configs in one folder are refused: nobody knows which is edited', async () => {
  const cwd = folderWith({ 'tokenkeep.yaml': minimal, 'tokenkeep.json': '{}' });
  await expect(loadConfig({ cwd, env: {} })).rejects.toThrow(
    /There are two configs: .* Remove one/,
  );
});

test('paths in a config are relative to it; without a store it is in the state folder', async () => {
  const folder = folderWith({
    'a/tokenkeep.yaml': `${minimal}store: ../state/tokens.db\n`,
    'b.yaml': minimal,
  });
  const away = { cwd: '/', env: {} };
  const { store } = await loadConfig({ path: join(folder, 'a/tokenkeep.yaml'), ...away });
  expect(store.file).toBe(join(folder, 'state/tokens.db'));
  const without = await loadConfig({ path: join(folder, 'b.yaml'), ...away });
  const file = join(realpathSync(folder), 'b.yaml');
  const hash = createHash('sha256').update(file).digest('hex').slice(0, 8);
  const own = `${basename(folder)}-${hash}`;
  expect(without.store.file).toBe(join(platformStateFolder, own, 'tokens.db'));
});

test('a server as store has its keys beside the config and is shown without its password', async () => {
  const folder = folderWith({ 'tokenkeep.yaml': `${minimal}store: \${URL}\nnamespace: crm\n` });
  const env = { URL: 'postgres://ada:canary@db.example:5433/tokens?sslmode=require' };
  const { store } = await loadConfig({ path: join(folder, 'tokenkeep.yaml'), env });
  expect(store).toMatchObject({ kind: 'postgres', keyFile: join(folder, 'tokenkeep.keys') });
  expect(store.shown).toBe('postgres://db.example:5433/tokens');
  expect(store.file).toBeUndefined();
});

test('two projects without a store share no tokens, be their folders named alike', async () => {
  const files = { 'app/tokenkeep.yaml': minimal, 'app/other.yaml': minimal };
  const [one, two] = [folderWith(files), folderWith(files)];
  const places = [
    join(one, 'app/tokenkeep.yaml'),
    join(one, 'app/other.yaml'),
    join(two, 'app/tokenkeep.yaml'),
  ];
  const stores = await Promise.all(
    places.map(async (path) => (await loadConfig({ path, env: {} })).store.file),
  );
  expect(new Set(stores).size).toBe(3);
});

test('by whichever link its folder is reached, a config has one store', async () => {
  const folder = folderWith({ 'real/tokenkeep.yaml': minimal });
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  const [real, link] = await Promise.all(
    ['real', 'link'].map((name) =>
      loadConfig({ path: join(folder, name, 'tokenkeep.yaml'), env: {} }),
    ),
  );
  expect(link?.store.file).toBe(real?.store.file);
});

test("the platform's own config has the state folder's store; any other file there has not", () => {
  const own = defaultStorePath(join(platformConfigFolder, 'tokenkeep.yaml'));
  expect(own).toBe(join(platformStateFolder, 'tokens.db'));
  const other = defaultStorePath(join(platformConfigFolder, 'other.yaml'));
  expect(other).not.toBe(own);
});

test('a folder with a name of any length, or none, has a store of its own', () => {
  const long = defaultStorePath(`/${'ä'.repeat(200)}/tokenkeep.yaml`);
  expect(Buffer.byteLength(basename(join(long, '..')))).toBeLessThan(255);
  expect(defaultStorePath('/tokenkeep.yaml')).toMatch(/[\\/]root-[0-9a-f]{8}[\\/]tokens\.db$/);
});

test('who only looks needs no credentials; everything else has to be there', async () => {
  const text = accountsOf(`\${A}`, `store: '\${STATE}/t.db'`);
  const cwd = folderWith({ 'tokenkeep.yaml': text });
  await expect(loadConfig({ cwd, env: { STATE: '/s' } })).rejects.toThrow(/variable A is not set/);
  const { config, missing } = await loadConfigToLookAt({ cwd, env: { STATE: '/s' } });
  expect(config).toMatchObject({ store: { file: '/s/t.db' }, accounts: [{ name: 'crm' }] });
  expect(missing).toMatchObject([{ path: 'accounts.crm.credentials.password' }]);
  await expect(loadConfigToLookAt({ cwd, env: { A: 'a' } })).rejects.toThrow(
    /variable STATE is not set/,
  );
});

test('a provider whose name is a kind is of that kind; others say it with "use"', async () => {
  const cwd = folderWith({
    'tokenkeep.yaml': `providers:
  chatapp: {}
  teletracker: {}
  digital-river: {}
  identity: { use: oauth20, baseUrl: https://id.example.com }
  fleet: { use: auth-refresh, baseUrl: https://api.example.com, refreshToken: reusable }
`,
  });
  const { providers, origins } = await loadConfig({ cwd, env: {} });
  expect(providers.map(({ id }) => id)).toEqual([
    'chatapp',
    'teletracker',
    'digital-river',
    'identity',
    'fleet',
  ]);
  expect(origins.slice(3)).toEqual(['https://id.example.com', 'https://api.example.com']);
  expect(providers[4]?.profile.refreshToken).toBe('reusable');
});

test('durations are milliseconds, or a number with a unit, wherever a duration is', async () => {
  const cwd = folderWith({
    'tokenkeep.yaml': `providers:
  oauth20: { baseUrl: https://id.example.com, maxLifetimeMs: 2h }
accounts:
  shop: { provider: oauth20, rotateEvery: 30d }
parameters: { waitMs: 2.5s, gapMs: 500ms, leaseMs: 10000, ambiguousWaitsMs: [1m, 300000] }
`,
  });
  const { accounts, parameters, providers } = await loadConfig({ cwd, env: {} });
  expect(accounts).toEqual([
    { provider: 'oauth20', name: 'shop', account: 'shop', rotateEveryMs: 30 * 86_400_000 },
  ]);
  expect(parameters).toEqual({
    waitMs: 2_500,
    gapMs: 500,
    leaseMs: 10_000,
    ambiguousWaitsMs: [60_000, 300_000],
  });
  expect(providers[0]?.profile.lifetime.maxMs).toBe(7_200_000);
});

test('S21 a secret comes from a variable or a file, and only there', async () => {
  const variable = folderWith({ 'tokenkeep.yaml': accountsOf(`\${CRM_PASSWORD}`) });
  expect(await credentialsIn(variable, { CRM_PASSWORD: 'from-variable' })).toEqual({
    email: 'a@b.example',
    password: 'from-variable',
    appId: 'app_1_1',
  });
  const file = folderWith({
    'tokenkeep.yaml': accountsOf(`\${file:secrets/crm}`),
    'secrets/crm': 'from file, with a space \r\n',
  });
  expect(await credentialsIn(file, {})).toMatchObject({ password: 'from file, with a space ' });
});

test('S21 the config says which variables are secrets: a child process gets none of them', async () => {
  const cwd = folderWith({
    'tokenkeep.yaml': accountsOf(`\${A}-\${B}`, `store: '\${STATE_DIRECTORY}/tokens.db'`),
  });
  const env = { A: 'a', B: 'b', STATE_DIRECTORY: '/var/lib/x', OTHER: 'c' };
  const { secretVariables, store } = await loadConfig({ cwd, env });
  expect(secretVariables).toEqual(['A', 'B']);
  expect(store.file).toBe('/var/lib/x/tokens.db');
});

test('$${ stands for ${, and text around references stays', async () => {
  const cwd = folderWith({ 'tokenkeep.yaml': accountsOf(`a$\${b}\${C}$d}`) });
  expect(await credentialsIn(cwd, { C: 'see' })).toMatchObject({ password: `a\${b}see$d}` });
});

test('what a reference brings is taken as it is: no reference in it is followed', async () => {
  const cwd = folderWith({ 'tokenkeep.yaml': accountsOf(`\${A}`) });
  expect(await credentialsIn(cwd, { A: `\${B}`, B: 'no' })).toMatchObject({ password: `\${B}` });
});

test('S21 a secret that was replaced is used without a restart', async () => {
  const server = await new ChatAppAuthority({
    accounts: [{ accountId: 'crm', email: 'a@b.example', password: 'new', appId: 'app_1_1' }],
  }).start();
  const cwd = folderWith({
    'tokenkeep.yaml': `
store: ./state/tokens.db
allowInsecureLoopback: true
providers: { chatapp: { baseUrl: '${server.url}' } }
accounts:
  crm:
    provider: chatapp
    credentials: { email: a@b.example, password: '\${CRM_PASSWORD}', appId: app_1_1 }
`,
  });
  const env = { CRM_PASSWORD: 'old' };
  await using engine = await engineFromConfig(await loadConfig({ cwd, env }));
  await expect(engine.getToken('crm')).rejects.toMatchObject({ code: 'CREDENTIALS_REJECTED' });
  env.CRM_PASSWORD = 'new';
  expect((await engine.login('crm')).account).toBe('chatapp/crm');
  await server.stop();
});

test("tokenOf puts another account's token into credentials", async () => {
  const cwd = folderWith({
    'tokenkeep.yaml': `providers: { oauth20: { baseUrl: https://id.example.com } }
accounts:
  identity: { provider: oauth20, credentials: { clientId: a, clientSecret: '\${SECRET}' } }
  shop: { provider: oauth20, credentials: { bearer: { tokenOf: identity } } }
`,
  });
  const { accounts } = await loadConfig({ cwd, env: { SECRET: 's' } });
  const [identity, shop] = accounts;
  expect(typeof identity?.credentials).toBe('function');
  const { bearer } = { ...(shop?.credentials as { bearer: unknown } | undefined) };
  expect(isAccountToken(bearer) && bearer.account).toBe('identity');
});

test('credentials with tokenOf are a value, references included: the engine has to see the chain', async () => {
  const cwd = folderWith({
    'tokenkeep.yaml': `providers: { auth-refresh: { baseUrl: https://id.example.com } }
accounts:
  a: { provider: auth-refresh, credentials: { username: ada, password: '\${P}' } }
  b: { provider: auth-refresh, credentials: { username: '\${U}', password: { tokenOf: a } } }
`,
  });
  const { accounts } = await loadConfig({ cwd, env: { P: 'p', U: 'eve' } });
  expect(accounts[1]?.credentials).toMatchObject({ username: 'eve', password: { account: 'a' } });
});

test('an alias repeats a value, and mistakes in it are found where it stands', async () => {
  const cwd = folderWith({
    'tokenkeep.yaml': `providers: { chatapp: {} }
accounts:
  a: { provider: chatapp, credentials: &login { email: a@b.example, password: '\${P}', appId: x } }
  b: { provider: chatapp, credentials: *login }
`,
  });
  const { accounts } = await loadConfig({ cwd, env: { P: 'p' } });
  expect(accounts.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('a secret in the file of its user is allowed, and warned of; the sandbox has no secrets', async () => {
  const cwd = folderWith({ 'tokenkeep.yaml': accountsOf('literal') });
  const { warnings } = await loadConfig({ cwd, env: {} });
  expect(warnings).toMatchObject([{ line: 6, message: 'A secret stands in this file.' }]);
  const client =
    'use: oauth2, issuer: https://id.example.com, clientId: app, clientSecret: literal';
  const ofProvider = folderWith({
    'tokenkeep.yaml': `providers: { id: { ${client} } }\naccounts: {}\n`,
  });
  expect((await loadConfig({ cwd: ofProvider, env: {} })).warnings).toMatchObject([
    { path: 'providers.id.clientSecret', message: 'A secret stands in this file.' },
  ]);
  const sandbox = folderWith({
    'tokenkeep.yaml': {
      mode: 0o644,
      text: accountsOf('literal', 'allowInsecureLoopback: true').replace(
        'https://api.example.com',
        'http://127.0.0.1:7311',
      ),
    },
  });
  expect((await loadConfig({ cwd: sandbox, env: {} })).warnings).toEqual([]);
});
