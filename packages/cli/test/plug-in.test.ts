import { chmodSync, chownSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { configErrorText, isConfigError } from '../src/config/config-problem.js';
import { engineFromConfig } from '../src/config/engine-from-config.js';
import { loadConfig } from '../src/config/load-config.js';
import { acmeSource, folderWithPackages, type WrittenPackage } from './plug-in-packages.js';

const name = 'tokenkeep-provider-acme';
const env = { PASSWORD: 'canary-password', KEY: 'bad-canary-key' };

const config = (provider: string, more = '') => `${more}
store: ./tokens.db
providers:
  acme: ${provider}
accounts:
  main: { provider: acme, credentials: { user: ada, password: '\${PASSWORD}' } }
`;
const used = (use: string) => `{ use: '${use}', baseUrl: https://api.acme.example }`;

/** What is said of a config whose provider is made by this package, and where. */
async function said(source: string | WrittenPackage, provider = used(name)) {
  return saidIn(folderWithPackages({ [name]: source }, { 'tokenkeep.yaml': config(provider) }));
}

async function saidIn(cwd: string) {
  try {
    await loadConfig({ cwd, env });
  } catch (error) {
    if (!isConfigError(error)) throw error;
    expect(configErrorText(error)).not.toContain('canary');
    expect(error.code).toBe('CONFIGURATION_INVALID');
    return error.problems.map(({ line, path, message, hint }) => ({
      at: `${line} ${path}`,
      message: message.replaceAll(cwd, '<folder>'),
      hint: hint.replaceAll(cwd, '<folder>'),
    }));
  }
  return [];
}

describe('a provider is loaded by the name of its package', () => {
  test.each([
    ['a name', name, {}],
    ['a name with a scope', '@acme/tokenkeep-provider', {}],
    ['a scope of any name', '@acme/auth', {}],
    [
      'conditions',
      name,
      { exports: { types: './x.d.ts', import: './index.js', default: './x.js' } },
    ],
    ['conditions below a path', name, { exports: { '.': { node: { import: './index.js' } } } }],
    ['a list in exports', name, { exports: ['./index.js'] }],
    ['main alone', name, { exports: undefined, main: 'index' }],
    ['nothing stated', name, { exports: undefined }],
  ])('with %s', async (_, use, manifest) => {
    const cwd = folderWithPackages(
      { [use]: { source: acmeSource, manifest } },
      { 'tokenkeep.yaml': config(used(use)) },
    );
    const { providers, origins, warnings } = await loadConfig({ cwd, env });
    expect(providers.map(({ id }) => id)).toEqual(['acme']);
    expect([origins, warnings]).toEqual([['https://api.acme.example'], []]);
  });

  test('that a folder above has installed', async () => {
    const cwd = folderWithPackages(
      { [name]: acmeSource },
      { 'a/b/tokenkeep.yaml': config(used(name)) },
    );
    expect(await saidIn(join(cwd, 'a/b'))).toEqual([]);
  });

  test('that is a link, as workspaces have', async () => {
    const cwd = folderWithPackages(
      { [name]: acmeSource },
      { 'tokenkeep.yaml': config(used(name)) },
    );
    mkdirSync(join(cwd, 'packages'), { mode: 0o700 });
    renameSync(join(cwd, 'node_modules', name), join(cwd, 'packages/acme'));
    symlinkSync('../packages/acme', join(cwd, 'node_modules', name));
    expect(await saidIn(cwd)).toEqual([]);
  });

  test('as a file relative to the config', async () => {
    const files = {
      'lib/acme.mjs': acmeSource,
      'etc/tokenkeep.yaml': config(used('../lib/acme.mjs')),
    };
    expect(await saidIn(join(folderWithPackages({}, files), 'etc'))).toEqual([]);
  });

  test('as its export "provider", where there is no default', async () => {
    expect(
      await said(acmeSource.replace('export default function acme', 'export function provider')),
    ).toEqual([]);
  });

  test('and gets tokens in an engine of the config', async () => {
    const accounts = [{ accountId: 'main', username: 'ada', password: env.PASSWORD }];
    await using server = await new AuthRefreshAuthority({ accounts }).start();
    const provider = `{ use: ${name}, baseUrl: '${server.url}' }`;
    const cwd = folderWithPackages(
      { [name]: acmeSource },
      { 'tokenkeep.yaml': config(provider, 'allowInsecureLoopback: true') },
    );
    await using engine = await engineFromConfig(await loadConfig({ cwd, env }));
    const token = await engine.getToken('main');
    expect(token.reveal()).toBe(server.truth.current('main')?.accessToken);
  });

  test('is told durations in milliseconds', async () => {
    const source = `${acmeSource.replace('if (key?', "if (patienceMs !== 90_000) throw new TokenError('CONFIGURATION_INVALID', 'Too long.');\n  if (key?").replace('baseUrl, key }', 'baseUrl, key, patienceMs }')}`;
    const provider = (patience: string) =>
      `{ use: ${name}, baseUrl: https://api.acme.example, patienceMs: ${patience} }`;
    expect(await said(source, provider('90s'))).toEqual([]);
    expect(await said(source, provider('91s'))).toMatchObject([{ hint: 'Too long.' }]);
  });
});

const at = '4 providers.acme.use';

describe('a package that is none to use is told of, with the line and the fix', () => {
  test('it is not installed', async () => {
    const cwd = folderWithPackages({}, { 'tokenkeep.yaml': config(used(name)) });
    expect(await saidIn(cwd)).toEqual([
      {
        at,
        message: 'This package is not installed.',
        hint: `Run in <folder>: npm install ${name}`,
      },
    ]);
  });

  test('its name is misspelt, and another one is nearly what was written', async () => {
    const written = { 'tokenkeep.yaml': config(used(`${name}e`)) };
    const cwd = folderWithPackages({ [name]: acmeSource, '@acme/else': acmeSource }, written);
    expect(await saidIn(cwd)).toMatchObject([
      { hint: `Did you mean "${name}"? Else run in <folder>: npm install ${name}e` },
    ]);
  });

  test('it is not called a package at all, and is installed', async () => {
    const written = { 'tokenkeep.yaml': config(used('tokenkep-provider-acme')) };
    expect(await saidIn(folderWithPackages({ [name]: acmeSource }, written))).toEqual([
      {
        at,
        message: 'There is no such kind, and no such package.',
        hint: `Did you mean "${name}", which is installed?`,
      },
    ]);
  });

  test('it is not named, and is installed', async () => {
    const written = { 'tokenkeep.yaml': config('{ baseUrl: https://api.acme.example }') };
    expect(await saidIn(folderWithPackages({ [name]: acmeSource }, written))).toMatchObject([
      { message: '"use" is missing.', hint: `Add "use: ${name}".` },
    ]);
  });

  test('it was not built', async () => {
    expect(
      await said({ source: acmeSource, manifest: { exports: './dist/src/index.js' } }),
    ).toEqual([
      {
        at,
        message: 'The entry of this package, dist/src/index.js, is not there.',
        hint: `Build the package in <folder>/node_modules/${name}, or install it anew.`,
      },
    ]);
  });

  test('the file is not there', async () => {
    const cwd = folderWithPackages({}, { 'tokenkeep.yaml': config(used('./acme.js')) });
    expect(await saidIn(cwd)).toMatchObject([
      { at, message: 'There is no file <folder>/acme.js.' },
    ]);
  });

  test.each([
    [2, `Update tokenkeep, or install an older version of ${name}.`],
    [0, `Install a newer version of ${name}.`],
  ])('it was made for contract %i', async (contract, hint) => {
    const source = acmeSource.replace('contract: PROVIDER_CONTRACT', `contract: ${contract}`);
    const message = `This package was made for contract ${contract}; this tokenkeep speaks 1.`;
    expect(await said(source)).toEqual([{ at, message, hint }]);
  });

  test.each([
    [
      'no factory',
      'export const answer = 42; export const names = [];',
      'This is no provider: it exports answer (number), names (list).',
    ],
    ['nothing', '', 'This is no provider: it exports nothing.'],
    [
      'a provider',
      'export default { contract: 1, obtain() {} };',
      'This package exports a provider, and not a function that makes one.',
    ],
    [
      'a factory of promises',
      'export default async () => ({});',
      'What this package makes is no provider but a promise.',
    ],
    [
      'a factory of texts',
      "export default () => 'canary';",
      'What this package makes is no provider but a string.',
    ],
    [
      'a factory of something',
      'export default () => ({});',
      'What this package makes is no provider: it states no contract.',
    ],
    [
      'half a provider',
      'export default ({ id }) => ({ contract: 1, id });',
      'What this package makes is no provider.',
    ],
    [
      'a schema that is none',
      'export default () => {}; export const optionsSchema = {};',
      'What this package exports as optionsSchema is no Standard Schema.',
    ],
    [
      'secrets that are no list',
      "export default () => {}; export const secrets = 'a';",
      'What this package exports as secrets is no list of names.',
    ],
  ])('it exports %s', async (_, source, message) => {
    expect(await said(source)).toMatchObject([{ at, message }]);
  });

  test('what is missing in a provider is named', async () => {
    const [problem] = await said(acmeSource.replace('async obtain(', 'async get('));
    expect(problem?.hint).toBe('Provider "acme": obtain() is missing.');
  });

  test('it is CommonJS with its default export inside of default', async () => {
    const source =
      "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = () => ({});";
    const manifest = { type: 'commonjs' };
    expect(await said({ source, manifest })).toMatchObject([
      { at, message: 'This package is CommonJS, and its default export is inside of "default".' },
    ]);
  });

  test('it has no entry for import', async () => {
    const manifest = { exports: { require: './index.js', './more': './index.js' } };
    expect(await said({ source: acmeSource, manifest })).toMatchObject([
      { at, message: 'This package has no entry to import.' },
    ]);
  });

  test.each([
    ['null', { import: null, default: './index.js' }],
    ['no path', 'index.js'],
  ])('its entry is %s, which Node refuses', async (_, exports) => {
    expect(await said({ source: acmeSource, manifest: { exports } })).toMatchObject([
      { at, message: 'This package has no entry to import.' },
    ]);
  });

  test('its entry leads out of it', async () => {
    const manifest = { exports: './../../../evil.js' };
    expect(await said({ source: acmeSource, manifest })).toMatchObject([
      { at, message: 'The entry of this package is not in it.' },
    ]);
  });

  test('its factory throws, and quotes a secret', async () => {
    const provider = `{ use: ${name}, baseUrl: https://api.acme.example, key: '\${KEY}' }`;
    expect(await said(acmeSource, provider)).toEqual([
      {
        at: '4 providers.acme',
        message: 'This provider cannot be made.',
        hint: 'The key [secret] is no key of Acme.',
      },
    ]);
  });

  test('its factory throws what is no TokenError: only the name and the place are told', async () => {
    const source = `import { z } from 'zod';\nexport default ({ baseUrl }) => { throw new RangeError('canary ' + baseUrl); };`;
    expect(await said(source)).toMatchObject([
      {
        message: 'This provider cannot be made.',
        hint: expect.stringMatching(/^It threw a RangeError\b.*\. That is a bug in it\.$/),
      },
    ]);
  });

  test.each([
    ['undefined', 'It threw undefined. That is a bug in it.'],
    ["'canary'", 'It threw a string. That is a bug in it.'],
    ['Object.create(null)', 'It threw an object. That is a bug in it.'],
    [
      "new Proxy({}, { get() { throw new Error('canary'); }, getPrototypeOf() { throw new Error('canary'); } })",
      'It threw something that cannot be looked at. That is a bug in it.',
    ],
  ])('its factory throws %s', async (thrown, hint) => {
    expect(await said(`export default () => { throw ${thrown}; };`)).toMatchObject([{ hint }]);
  });

  test('it calls itself otherwise', async () => {
    expect(
      await said(acmeSource.replace("id = 'acme'", 'id: _').replace(' id,', " id: 'other',")),
    ).toEqual([
      {
        at,
        message: 'This provider has the id "other", and is named acme here.',
        hint: 'Give it that name here. Or its author has to take "id".',
      },
    ]);
  });
});

describe('its schemas speak as those of kinds do', () => {
  test('an option is misspelt, a credential too, and both are told at once', async () => {
    const cwd = folderWithPackages(
      { [name]: acmeSource },
      {
        'tokenkeep.yaml': config(`{ use: ${name}, basUrl: https://api.acme.example }`).replace(
          'user: ada',
          'usr: ada',
        ),
      },
    );
    expect(await saidIn(cwd)).toMatchObject([
      {
        at: '4 providers.acme.basUrl',
        hint: 'Did you mean "baseUrl"? Known: baseUrl, patienceMs, key.',
      },
      {
        at: '6 accounts.main.credentials.usr',
        hint: 'Did you mean "user"? Known: user, password.',
      },
    ]);
  });

  test('another library than zod has its own words, without what it was given', async () => {
    const source = `${acmeSource.replace(/export const optionsSchema.*/, '')}
export const optionsSchema = { '~standard': { version: 1, vendor: 'own', validate: ({ key, id }) => ({
  issues: [
    { message: 'received ' + key, path: [{ key: 'key' }] },
    { message: 'no ' + id, path: ['id'] },
  ],
}) } };`;
    const provider = `{ use: ${name}, baseUrl: https://api.acme.example, key: '\${KEY}' }`;
    expect(await said(source, provider)).toEqual([
      {
        at: '4 providers.acme.key',
        message: 'This value is not accepted.',
        hint: 'received [secret].',
      },
    ]);
  });

  test.each([
    ['it names', acmeSource],
    ['its schema makes Secrets of', acmeSource.replace(/export const secrets.*/, '')],
  ])('S21 a secret that %s is warned of where it stands in the file', async (_, source) => {
    const text = config(used(name)).replace(`'\${PASSWORD}'`, 'canary');
    const cwd = folderWithPackages({ [name]: source }, { 'tokenkeep.yaml': text });
    const { warnings } = await loadConfig({ cwd, env });
    expect(warnings.map(({ path }) => path)).toEqual(['accounts.main.credentials.password']);
  });

  test('a variable for a secret option is hidden from child processes', async () => {
    const provider = `{ use: ${name}, baseUrl: '\${URL}', key: '\${GOOD}' }`;
    const cwd = folderWithPackages({ [name]: acmeSource }, { 'tokenkeep.yaml': config(provider) });
    const good = { ...env, URL: 'https://api.acme.example', GOOD: 'good' };
    const { secretVariables } = await loadConfig({ cwd, env: good });
    expect([...secretVariables].sort()).toEqual(['GOOD', 'PASSWORD']);
  });
});

const poison = 'globalThis.poisoned = true; export default () => ({});';
const poisoned = () => (globalThis as { poisoned?: boolean }).poisoned === true;

describe('S45 no code runs that somebody else could have put there', () => {
  test.each([
    'https://evil.example/provider.js',
    'data:text/javascript,globalThis.poisoned=true',
    'file:///tmp/provider.js',
    'node:fs',
  ])('S45 a URL is refused: %s', async (use) => {
    const cwd = folderWithPackages({}, { 'tokenkeep.yaml': config(used(use)) });
    expect(await saidIn(cwd)).toMatchObject([{ at, message: 'No code is loaded from a URL.' }]);
    expect(poisoned()).toBe(false);
  });

  test('S45 a kind that is misspelt is no package, be there one of that name', async () => {
    const cwd = folderWithPackages(
      { chatap: poison },
      { 'tokenkeep.yaml': config(used('chatap')) },
    );
    expect(await saidIn(cwd)).toMatchObject([
      {
        at,
        message: 'There is no such kind.',
        hint: expect.stringMatching(/^Did you mean "chatapp"\?/),
      },
    ]);
    expect(poisoned()).toBe(false);
  });

  test.each(['$', './$'].map((text) => `${text}{KEY}`))(
    'S45 a reference does not decide: %s',
    async (use) => {
      const files = { 'tokenkeep.yaml': config(used(use)), 'tokenkeep-x.js': poison };
      const cwd = folderWithPackages({ 'tokenkeep-x': poison }, files);
      const error = await loadConfig({ cwd, env: { ...env, KEY: 'tokenkeep-x' } }).catch(
        (thrown) => thrown,
      );
      expect(isConfigError(error) && error.problems).toMatchObject([
        { path: 'providers.acme.use', message: 'Which code runs is not left to a reference.' },
      ]);
      expect(poisoned()).toBe(false);
    },
  );

  test.each([
    ['the file', './acme.mjs', 'acme.mjs', 0o666, 'Run: chmod go-w <folder>/acme.mjs'],
    ['the folder of the file', './lib/acme.mjs', 'lib', 0o777, 'Run: chmod go-w <folder>/lib'],
    [
      'the entry',
      name,
      `node_modules/${name}/index.js`,
      0o666,
      `Run: chmod -R go-w <folder>/node_modules/${name}/index.js`,
    ],
    [
      'its package.json',
      name,
      `node_modules/${name}/package.json`,
      0o620,
      `Run: chmod -R go-w <folder>/node_modules/${name}/package.json`,
    ],
    [
      'the package',
      name,
      `node_modules/${name}`,
      0o777,
      `Run: chmod -R go-w <folder>/node_modules/${name}`,
    ],
    ['node_modules', name, 'node_modules', 0o770, 'Run: chmod -R go-w <folder>/node_modules'],
    [
      'the scope',
      '@acme/auth',
      'node_modules/@acme',
      0o777,
      'Run: chmod -R go-w <folder>/node_modules/@acme',
    ],
  ])('S45 others can change %s', async (_, use, path, mode, hint) => {
    const cwd = folderWithPackages(
      { [name]: poison, '@acme/auth': poison },
      { 'tokenkeep.yaml': config(used(use)), 'acme.mjs': poison, 'lib/acme.mjs': poison },
    );
    chmodSync(join(cwd, path), mode);
    expect(await saidIn(cwd)).toMatchObject([{ at, hint }]);
    expect(poisoned()).toBe(false);
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;

  asRoot("S45 another user made node_modules in a folder above that is everybody's", async () => {
    const top = folderWithPackages(
      { [name]: poison },
      { 'mine/tokenkeep.yaml': config(used(name)) },
    );
    chmodSync(top, 0o1777);
    chownSync(join(top, 'node_modules'), 12_345, 12_345);
    const [problem] = await saidIn(join(top, 'mine'));
    expect(problem?.message).toContain('belongs to user 12345');
    expect(poisoned()).toBe(false);
  });
});
