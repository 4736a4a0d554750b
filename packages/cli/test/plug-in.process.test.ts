import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { AuthRefreshAuthority, canary } from '@tokenkeep/testing';
import { acmeSource, folderWithPackages, type WrittenPackage } from './plug-in-packages.js';
import { RunningCli } from './running-cli.js';

const name = 'tokenkeep-provider-acme';
const password = canary('password');

async function world(source: string | WrittenPackage, key = 'good') {
  const accounts = [{ accountId: 'main', username: 'ada', password: password.secret }];
  const server = await new AuthRefreshAuthority({ accounts }).start();
  const cwd = folderWithPackages({ [name]: source });
  const config = {
    store: './tokens.db',
    allowInsecureLoopback: true,
    providers: { acme: { use: name, baseUrl: server.url, key: '$' + '{KEY}' } },
    parameters: { gapMs: 20 },
    accounts: {
      main: { provider: 'acme', credentials: { user: 'ada', password: '$' + '{PASSWORD}' } },
    },
  };
  writeFileSync(join(cwd, 'tokenkeep.json'), JSON.stringify(config, null, 2), { mode: 0o600 });
  const env = { PASSWORD: password.secret, KEY: key };
  return {
    server,
    run: (...args: string[]) => new RunningCli(args, { cwd, env }).ended,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

test('token, status and doctor work with a provider of a package', async () => {
  await using acme = await world(acmeSource);
  const token = await acme.run('token', 'main');
  expect(token).toMatchObject({
    code: 0,
    out: `${acme.server.truth.current('main')?.accessToken}\n`,
    err: '',
  });
  const status = await acme.run('status', '--json');
  expect(status.code).toBe(0);
  expect(status.out).toContain('"acme/main"');
  expect((await acme.run('renew', 'main')).code).toBe(0);
  expect(acme.server.log.entries.map(({ operation }) => operation)).toEqual(['obtain', 'refresh']);
  const doctor = await acme.run('doctor', '--online');
  expect(doctor.out).toContain('Nothing is wrong.');
  expect(doctor.out).toContain(`${acme.server.url} answers.`);
  expect(doctor.code).toBe(0);
});

test.each([
  [
    'throws when it is loaded',
    `throw new Error('${password.secret}');`,
    'It threw an Error in file://',
  ],
  ['does not parse', `export default ${password.secret} (`, 'It threw a SyntaxError.'],
  [
    'lacks a dependency',
    "import 'tokenkeep-none'; export default () => {};",
    "Cannot find package 'tokenkeep-none'",
  ],
  [
    'wants what core has not',
    "import { nothing } from '@tokenkeep/core'; export default () => nothing;",
    "does not provide an export named 'nothing'",
  ],
])('a package that %s is told of by every command, with its line', async (_, source, words) => {
  await using acme = await world(source);
  for (const args of [['token', 'main'], ['status'], ['doctor']]) {
    const { code, out, err } = await acme.run(...args);
    expect(code).toBe(2);
    expect(out + err).toMatch(/tokenkeep\.json:6:\d+/);
    expect(out + err).toContain('The code of this package cannot be loaded.');
    expect(out + err).toContain(words);
    expect(out + err).not.toContain(password.secret);
  }
  expect(acme.server.log.entries).toEqual([]);
});

test('a factory that quotes a secret is cleaned of it, on the terminal and in JSON', async () => {
  const key = canary('bad-key');
  await using acme = await world(
    acmeSource.replace("'bad'", `'${key.secret.slice(0, 3)}'`),
    key.secret,
  );
  const { code, err } = await acme.run('token', 'main');
  expect(code).toBe(2);
  expect(err).toContain('The key [secret] is no key of Acme.');
  const json = await acme.run('token', 'main', '--json');
  expect(json.err + err).not.toContain(key.secret);
});

test('CommonJS is a package like any other', async () => {
  const source = `module.exports = (options) => require('./acme.cjs')(options);`;
  await using missing = await world({ source, manifest: { type: 'commonjs' } });
  const { code, err } = await missing.run('token', 'main');
  expect(code).toBe(2);
  expect(err).toContain('This provider cannot be made.');
  const whole = acmeSource
    .replace(/import (\{[^}]+\}) from ('[^']+');/g, 'const $1 = require($2);')
    .replaceAll('export const ', 'const ')
    .replace('export default', 'module.exports =');
  const named = `${whole}\nmodule.exports.secrets = secrets;\nmodule.exports.optionsSchema = optionsSchema;\n`;
  await using acme = await world({ source: named, manifest: { type: 'commonjs' } });
  expect(await acme.run('token', 'main')).toMatchObject({ code: 0, err: '' });
});
