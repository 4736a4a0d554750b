import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import { doctor } from '../src/commands/doctor.js';
import { renew } from '../src/commands/renew.js';
import { token } from '../src/commands/token.js';
import { engineFromConfig } from '../src/config/engine-from-config.js';
import { loadConfig } from '../src/config/load-config.js';
import { complaints, folderWith } from './config-folder.js';
import { recordedCommand } from './recorded-command.js';

const examples = fileURLToPath(new URL('../../../examples/declared/', import.meta.url));
const env = { PASSWORD: 'pw' };

const declaration = `
credentials: { user: { secret: false }, password: {} }
obtain:
  url: /auth/login
  json: { username: '{credentials.user}', password: '{credentials.password}' }
refresh: { url: /auth/refresh, json: { refresh_token: '{refreshToken}' } }
reply:
  accessToken: token
  refreshToken: refreshToken
  lifetime: { at: tokenLifetime, as: seconds }
refused: [{ at: success, is: [false] }]
profile: { lifetime: { maxMs: 2h } }
`;

const config = (provider: string, more = '') => `
${more}
store: ./tokens.db
providers:
  acme: ${provider}
accounts:
  main: { provider: acme, credentials: { user: ada, password: '\${PASSWORD}' } }
`;

test('a declared provider in a file gets a token, and the doctor has nothing to say', async () => {
  await using server = await new AuthRefreshAuthority({
    accounts: [{ accountId: 'main', username: 'ada', password: 'pw' }],
  }).start();
  const provider = `{ use: http, file: ./acme.yaml, baseUrl: '${server.url}' }`;
  const cwd = folderWith({
    'tokenkeep.yaml': config(provider, 'allowInsecureLoopback: true'),
    'acme.yaml': declaration,
  });
  const loaded = await loadConfig({ cwd, env });
  expect(loaded.providers[0]?.profile.lifetime.maxMs).toBe(7_200_000);
  expect(loaded.origins).toEqual([server.url]);
  {
    await using engine = await engineFromConfig(loaded);
    await engine.getToken('main');
  }
  const command = recordedCommand(join(cwd, 'tokenkeep.yaml'), env);
  expect([await doctor({ online: true }, command.invocation), command.out()]).toEqual([
    0,
    expect.stringContaining(`${server.url} answers.`),
  ]);
  expect(server.log.logins()).toHaveLength(1);
});

test.each([
  ['maxMs: 2h', 'maxMs: 1m', 'states a longer life than the provider allows'],
  ['at: tokenLifetime', 'at: expires_in', 'states no life that can be read'],
  ['as: seconds', 'as: seconds', ''],
])(
  'who asks for the first token is told what is odd in the reply: %s, and now %s',
  async (right, wrong, words) => {
    await using server = await new AuthRefreshAuthority({
      accounts: [{ accountId: 'main', username: 'ada', password: 'pw' }],
    }).start();
    const provider = `{ use: http, file: ./acme.yaml, baseUrl: '${server.url}' }`;
    const often = 'allowInsecureLoopback: true\nparameters: { gapMs: 1 }';
    const cwd = folderWith({
      'tokenkeep.yaml': config(provider, often),
      'acme.yaml': declaration.replace(right, wrong),
    });
    const errOf = async (command: typeof renew) => {
      const { invocation, err } = recordedCommand(join(cwd, 'tokenkeep.yaml'), env);
      await command('main', invocation);
      return err();
    };
    const told = words === '' ? '' : expect.stringContaining(`acme/main: The server ${words}`);
    const hourly: typeof renew = (name, at) =>
      token(name, { header: false, minValidityMs: undefined }, at);
    expect([await errOf(hourly), await errOf(hourly), await errOf(renew)]).toEqual([
      told,
      '',
      told,
    ]);
  },
);

test('a mistake in the file is told with the name of the file, its member, and what to write', async () => {
  const { problems } = await complaints(config('{ use: http, file: ./acme.yaml }'), env, {
    'acme.yaml': `baseUrl: https://id.example\n${declaration.replace('as: seconds', 'as: sec')}`,
  });
  expect(problems).toMatchObject([
    { path: 'providers.acme.file', message: expect.stringContaining('reply.lifetime.as') },
  ]);
});

test('a mistake inline is told where it stands', async () => {
  const { problems } = await complaints(
    config('{ use: http, baseUrl: https://id.example, obtain: { urll: /login } }'),
    env,
  );
  expect(problems.map(({ path }) => path)).toContain('providers.acme.obtain.urll');
});

test('what members say of each other is checked when the config is loaded', async () => {
  const { problems } = await complaints(
    config(
      `{ use: http, baseUrl: https://id.example, obtain: { url: '/login/{credentials.usr}' } }`,
    ),
    env,
  );
  expect(problems[0]).toMatchObject({ path: 'providers.acme' });
  expect(problems[0]?.hint).toContain('obtain.url: names what is not known here');
});

test('credentials are checked against the declaration', async () => {
  const text = config('{ use: http, file: ./acme.yaml, baseUrl: https://id.example }');
  const { problems } = await complaints(text.replace('user: ada', 'usr: ada'), env, {
    'acme.yaml': declaration,
  });
  expect(problems[0]).toMatchObject({
    path: 'accounts.main.credentials.usr',
    hint: 'Did you mean "user"? Known: user, password.',
  });
});

test('S21 a secret of a declared credential in the config itself is warned of', async () => {
  const text = config('{ use: http, file: ./acme.yaml, baseUrl: https://id.example }');
  const cwd = folderWith({
    'tokenkeep.yaml': text.replace(`'\${PASSWORD}'`, 'hunter2'),
    'acme.yaml': declaration,
  });
  const { warnings } = await loadConfig({ cwd, env });
  expect(warnings).toMatchObject([{ path: 'accounts.main.credentials.password' }]);
});

test('a file that others can change is refused: it says where secrets are sent', async () => {
  const { problems } = await complaints(config('{ use: http, file: ./acme.yaml }'), env, {
    'acme.yaml': { text: declaration, mode: 0o666 },
  });
  expect(problems[0]?.message).toContain('Other users can change');
});

test('a file that is not there, or is no YAML, is told of at "file"', async () => {
  const missing = await complaints(config('{ use: http, file: ./acme.yaml }'), env);
  expect(missing.problems[0]).toMatchObject({ path: 'providers.acme.file' });
  const broken = await complaints(config('{ use: http, file: ./acme.yaml }'), env, {
    'acme.yaml': 'baseUrl: [',
  });
  expect(broken.problems[0]?.message).toMatch(/^Line \d+ of this file/);
});

test.each(readdirSync(examples))('the example %s loads from a config', async (name) => {
  const id = name.replace('.yaml', '');
  const cwd = folderWith({
    'tokenkeep.yaml': `providers: { ${id}: { use: http, file: ./${name} } }\n`,
    [name]: readFileSync(join(examples, name), 'utf8'),
  });
  const { providers } = await loadConfig({ cwd, env: {} });
  expect(providers.map((provider) => provider.id)).toEqual([id]);
});
