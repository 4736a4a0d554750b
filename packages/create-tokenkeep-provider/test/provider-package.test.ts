import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { runNode } from '../../../test/docs/run-node.js';
import { CommandLineError } from '../src/command-line-error.js';
import { providerPackage, type RefreshTokenKind } from '../src/index.js';
import { writePackage } from '../src/write-package.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Beside the packages, so that their names resolve as they do for an author. */
const cache = join(root, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(cache, 'create-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const kinds: readonly RefreshTokenKind[] = ['none', 'reusable', 'single-use'];
const all = kinds.flatMap((refreshToken) =>
  [true, false].map((revocation) => ({ refreshToken, revocation })),
);
const baseUrl = 'https://api.blue-dot.example';

describe.each(all)('of refresh tokens: $refreshToken, revocation: $revocation', (choices) => {
  const folder = join(scratch, `${choices.refreshToken}-${choices.revocation}`);
  beforeAll(() => writePackage(folder, providerPackage({ name: 'blue-dot', baseUrl, ...choices })));

  test('it compiles, and passes the conformance tests it has', async () => {
    const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
    expect(await runNode([tsc, '--pretty', 'false'], { cwd: folder })).toEqual({
      code: 0,
      output: '',
    });
    const ended = await runNode(['dist/test/conformance.test.js'], { cwd: folder });
    expect(ended.output).toMatch(/^# pass [3-9]\d$/m);
    expect(ended.output).toMatch(/^# fail 0$/m);
    expect(ended.code).toBe(0);
  });
});

test('each is formatted and linted as everything here', async () => {
  // Biome looks into no node_modules.
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-create-'));
  for (const [index, choices] of all.entries()) {
    writePackage(join(folder, `${index}`), providerPackage({ name: 'acme', baseUrl, ...choices }));
  }
  const house = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  const { formatter, javascript, assist, linter } = house;
  const config = { root: true, formatter, javascript, assist, linter };
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(config));
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const ended = await runNode([biome, 'check', '0', '1', '2', '3', '4', '5'], { cwd: folder });
  rmSync(folder, { recursive: true });
  expect(ended.output).toMatch(/^Checked 54 files.*No fixes applied/m);
  expect(ended.code).toBe(0);
});

const files = providerPackage({
  name: 'blue-dot',
  baseUrl,
  refreshToken: 'single-use',
  revocation: true,
});
const manifestOf = (text: string | undefined) => JSON.parse(text ?? '');

test('its tools are those that this house is tested with', () => {
  const house = manifestOf(readFileSync(join(root, 'package.json'), 'utf8'));
  const { devDependencies, dependencies, peerDependencies } = manifestOf(files.get('package.json'));
  const { '@typescript/native': native, '@types/node': node, zod } = house.devDependencies;
  expect({ ...devDependencies, ...dependencies }).toEqual({
    '@tokenkeep/core': `^${house.version}`,
    '@tokenkeep/testing': `^${house.version}`,
    typescript: native.replace('npm:typescript@', '^'),
    '@types/node': `^${node}`,
    zod: `^${zod}`,
  });
  expect(peerDependencies).toEqual({ '@tokenkeep/core': `^${house.version}` });
});

test('its workflow tests each supported Node, and publishes with provenance', () => {
  const { jobs } = parse(files.get('.github/workflows/ci.yml') ?? '');
  expect(jobs.test.strategy.matrix.node).toContain(20);
  expect(jobs.publish).toMatchObject({ needs: 'test', permissions: { 'id-token': 'write' } });
  const runs = jobs.publish.steps.flatMap(({ run }: { run?: string }) => run ?? []);
  expect(runs).toEqual(['npm ci', 'npm publish --provenance']);
});

test('a name of several words, or of a word of JavaScript, makes names that are none', () => {
  const indexOf = (name: string) =>
    providerPackage({ name, baseUrl, refreshToken: 'none', revocation: false }).get('src/index.ts');
  expect(indexOf('blue-dot-2')).toContain('{ blueDot2Provider, blueDot2Provider as default }');
  expect(indexOf('new')).toContain('{ newProvider, newProvider as default }');
});

const optionsOf = async (folder: string) => {
  const url = pathToFileURL(join(folder, 'dist/src/index.js')).href;
  const code = `import { optionsSchema as s, secrets } from ${JSON.stringify(url)};
    for (const given of process.argv.slice(1)) console.log(s.safeParse(JSON.parse(given)).success);
    console.log(secrets.join());`;
  const given = [
    {},
    { baseUrl: 'https://host/path' },
    { baseUrl: 'http://127.0.0.1:8767' },
    { baseurl: 'https://host' },
    { baseUrl: '127.0.0.1:8767' },
    { baseUrl: 'localhost:8767' },
    { baseUrl: 'https://host/' },
  ].map((options) => JSON.stringify(options));
  return runNode(['--input-type=module', '--eval', code, ...given], { cwd: folder });
};

test('options that are misspelt, no URL, or end in a slash are refused', async () => {
  const { output } = await optionsOf(join(scratch, 'single-use-true'));
  expect(output.trim().split('\n')).toEqual([
    ...['true', 'true', 'true'],
    ...['false', 'false', 'false', 'false'],
    'password',
  ]);
});

test.each([
  ['a file where a folder has to be', '.github', (at: string) => writeFileSync(at, 'mine')],
  ['a link that leads nowhere', 'README.md', (at: string) => symlinkSync('/nowhere/at/all', at)],
])('%s is told of, and nothing is written', (_, name, make) => {
  const folder = mkdtempSync(join(scratch, 'taken-'));
  make(join(folder, name));
  expect(() => writePackage(folder, files)).toThrow(CommandLineError);
  expect(() => writePackage(folder, files)).toThrow(`${name} is there already`);
  expect(readdirSync(folder)).toEqual([name]);
});

test('a folder that cannot be made leaves nothing behind', () => {
  const folder = mkdtempSync(join(scratch, 'taken-'));
  const impossible = new Map([...files, ['README.md/inside', 'no']]);
  expect(() => writePackage(join(folder, 'acme'), impossible)).toThrow(/cannot be written \(E/);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder of git may be there before', () => {
  const folder = mkdtempSync(join(scratch, 'cloned-'));
  mkdirSync(join(folder, '.git'));
  writePackage(folder, files);
  expect(readdirSync(folder)).toContain('package.json');
});

test('a file that is there stays as it is, and no other is written', () => {
  const folder = join(scratch, 'taken');
  writePackage(folder, new Map([['README.md', 'mine']]));
  expect(() => writePackage(folder, files)).toThrow(/README\.md is there already/);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe('mine');
  expect(() => readFileSync(join(folder, 'package.json'))).toThrow(/ENOENT/);
});
