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

test('a code for a person is not asked for where there are credentials', async () => {
  await using acme = await world(acmeSource);
  const { code, err } = await acme.run('login', 'main', '--device');
  expect(code).toBe(2);
  expect(err).toContain('--device is for accounts that a person logs in to');
  expect(err).toContain('Run: tokenkeep login main');
  expect(acme.server.log.entries).toEqual([]);
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

test('a package that waits for something on import is told of after 10 s', async () => {
  await using acme = await world(`await new Promise(() => {});\n${acmeSource}`);
  const { code, out } = await acme.run('doctor');
  expect(code).toBe(2);
  expect(out).toContain('The code of this package is not loaded after 10 s.');
}, 60_000);

test('a package that leaves a timer running does not keep a command from ending', async () => {
  await using acme = await world(`setInterval(() => {}, 60_000);\n${acmeSource}`);
  expect(await acme.run('token', 'main')).toMatchObject({
    code: 0,
    out: `${acme.server.truth.current('main')?.accessToken}\n`,
  });
  expect((await acme.run('doctor')).code).toBe(0);
}, 60_000);

const quotes = `throw new Error('it is ' + process.env.PASSWORD);`;
const later = (wrong: string) =>
  `{ '~standard': { version: 1, vendor: 'own', validate: ${wrong} } }`;

test.each([
  ['factory', 'a promise', `export default async () => { ${quotes} };`],
  [
    'thenable',
    'states no contract',
    `export default () => ({ then(resolve, reject) { reject(new Error(process.env.PASSWORD)); } });`,
  ],
  [
    'schema of options',
    'answers later',
    `export default () => ({}); export const optionsSchema = ${later(`async () => { ${quotes} }`)};`,
  ],
  [
    'schema of credentials',
    'answers later',
    acmeSource.replace(
      'credentials: credentialsSchema',
      `credentials: ${later(`async () => { ${quotes} }`)}`,
    ),
  ],
  [
    'schema of credentials that throws',
    'It threw an Error in ',
    acmeSource.replace(
      'credentials: credentialsSchema',
      `credentials: ${later(`() => { ${quotes} }`)}`,
    ),
  ],
  [
    'schema of zod',
    'mistake in tokenkeep',
    acmeSource.replace(
      /z\.strictObject\((\{ baseUrl.*?\})\);/,
      `z.strictObject($1).refine(async () => { ${quotes} });`,
    ),
  ],
  [
    'promise that nobody waits for',
    'mistake in tokenkeep',
    `${acmeSource}\nPromise.reject(new Error(process.env.PASSWORD));`,
  ],
])('Node does not print what a %s was rejected with', async (_, words, source) => {
  await using acme = await world(source);
  const { code, out, err } = await acme.run('token', 'main');
  expect(code).not.toBe(0);
  expect(out + err).not.toContain(password.secret);
  expect(out + err).toContain(words);
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
  const thrower = "module.exports = () => {\n  throw new RangeError('no');\n};";
  await using throwing = await world({ source: thrower, manifest: { type: 'commonjs' } });
  const thrown = await throwing.run('token', 'main');
  expect(thrown.err).toMatch(
    /It threw a RangeError in \/\S+\/tokenkeep-provider-acme\/index\.js:2\./,
  );
  const whole = acmeSource
    .replace(/import (\{[^}]+\}) from ('[^']+');/g, 'const $1 = require($2);')
    .replaceAll('export const ', 'const ')
    .replace('export default', 'module.exports =');
  const named = `${whole}\nmodule.exports.secrets = secrets;\nmodule.exports.optionsSchema = optionsSchema;\n`;
  await using acme = await world({ source: named, manifest: { type: 'commonjs' } });
  expect(await acme.run('token', 'main')).toMatchObject({ code: 0, err: '' });
});
