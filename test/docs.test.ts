import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { defaultParameters, errorCodes, eventNames } from '@tokenkeep/core';
import { ChatAppAuthority } from '@tokenkeep/testing';
import { transform } from 'esbuild';
import { loadConfig } from 'tokenkeep';
import { commandLinesIn, unknownWords } from './docs/command-lines.js';
import {
  type Block,
  blocksOf,
  brokenLinks,
  type Page,
  pagesOf,
  sectionsOf,
} from './docs/markdown.js';
import { membersOf, wordsOf } from './docs/public-members.js';
import { runNode } from './docs/run-node.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const core = join(root, 'packages/core/src');
const pages = pagesOf(root);

/** Beside the packages, so that their names resolve as they do for a reader. */
const cache = join(root, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(cache, 'docs-'));
writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }\n');

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function page(file: string): Page {
  const found = pages.find((candidate) => candidate.file === file);
  if (found === undefined) throw new Error(`${file} is missing.`);
  return found;
}

/** Such a config is loaded where its package is shown. */
const usesPackage = (code: string) => /use: tokenkeep-/.test(code);

/**
 * Blocks that stand for files of one folder: their fence says ```ts name.ts. Those of a whole package,
 * ```ts src/name.ts, are built where the package is made: create-provider.process.test.ts.
 */
const namedFiles = (each: Page) =>
  blocksOf(each, 'ts').filter(({ mark }) => /^[\w.-]+\.ts$/.test(mark));
const folderOf = ({ file }: Block) => file.replace(/\W/g, '-');

const sorted = (names: Iterable<string>) => [...names].sort();

/** What a page does not name, between backticks and alone or as a call. */
function unnamed(file: string, names: readonly string[]): string[] {
  const { text } = page(file);
  return names.filter((name) => !new RegExp(`\`${name}(\`|\\(|: )`).test(text));
}

describe('the reference names everything there is, and nothing else', () => {
  test('every error code has its heading', () => {
    const headings = sectionsOf(page('docs/reference/errors.md'), 3).keys();
    expect(sorted(headings)).toEqual(sorted(errorCodes));
  });

  test('every event has its heading', () => {
    const headings = sectionsOf(page('docs/reference/events.md'), 3).keys();
    expect(sorted(headings)).toEqual(sorted(eventNames));
  });

  test('every parameter has its heading', () => {
    const headings = sectionsOf(page('docs/reference/parameters.md'), 3).keys();
    expect(sorted(headings)).toEqual(sorted(Object.keys(defaultParameters)));
  });

  test('every default is the real one', () => {
    const sections = sectionsOf(page('docs/reference/parameters.md'), 3);
    const wrong = Object.entries(defaultParameters).filter(
      ([name, value]) => !sections.get(name)?.includes(`Default: \`${JSON.stringify(value)}\`.`),
    );
    expect(wrong).toEqual([]);
  });

  test('every reason in an error of the engine is explained', () => {
    const literals = readdirSync(core, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...readFileSync(join(core, file), 'utf8').matchAll(/reason: '(\w+)'/g)])
      .map(([, reason = '']) => reason);
    const reasons = [
      ...literals,
      ...wordsOf(join(core, 'guard/guard-state.ts'), 'GuardReason'),
      ...wordsOf(join(core, 'provider/refusal.ts'), 'RefusalKind'),
      ...wordsOf(join(core, 'transport/http-exchange.ts'), 'ExchangeFailure'),
    ].filter((reason) => reason !== 'not_admitted');
    expect(unnamed('docs/reference/errors.md', [...new Set(reasons)])).toEqual([]);
  });

  test.each([
    ['engine.md', 'engine/token-engine.ts', 'TokenEngine'],
    ['engine.md', 'engine/token-engine.ts', 'AccountStatus'],
    ['engine.md', 'engine/token-engine.ts', 'EngineHealth'],
    ['engine.md', 'engine/token-engine.ts', 'WithTokenOptions'],
    ['engine.md', 'renewal/account-keeper.ts', 'TokenRequestOptions'],
    ['engine.md', 'di/engine-options.ts', 'EngineOptions'],
    ['engine.md', 'account/account-config.ts', 'AccountConfig'],
    ['engine.md', 'token/access-token.ts', 'AccessToken'],
    ['errors.md', 'errors/token-error.ts', 'TokenErrorDetails'],
    ['provider-contract.md', 'provider/token-provider.ts', 'TokenProvider'],
    ['provider-contract.md', 'provider/provider-profile.ts', 'ProviderProfile'],
    ['provider-contract.md', 'provider/provider-profile.ts', 'Budget'],
    ['provider-contract.md', 'provider/provider-call.ts', 'ProviderCall'],
    ['provider-contract.md', 'provider/provider-call.ts', 'TokenRequest'],
    ['provider-contract.md', 'provider/provider-call.ts', 'TokenReply'],
    ['provider-contract.md', 'token/token-set.ts', 'IssuedTokens'],
    ['store-contract.md', 'store/token-store.ts', 'TokenStore'],
    ['store-contract.md', 'store/token-store.ts', 'StoreTraits'],
    ['store-contract.md', 'store/token-store.ts', 'StoredRow'],
    ['store-contract.md', 'store/token-store.ts', 'RowWrite'],
  ])('%s names every member in %s of %s', (file, source, name) => {
    expect(unnamed(`docs/reference/${file}`, membersOf(join(core, source), name))).toEqual([]);
  });

  test('every kind of refusal is explained to plug-in authors', () => {
    const kinds = wordsOf(join(core, 'provider/refusal.ts'), 'RefusalKind');
    expect(unnamed('docs/reference/provider-contract.md', kinds)).toEqual([]);
  });
});

test('every relative link leads to a page, and to a heading it has', () => {
  expect(brokenLinks(root, pages)).toEqual([]);
});

test('every source file that is named is there', () => {
  const files = ['packages', 'test', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs|grit)$/.test(file) && !/node_modules|dist/.test(file))
      .map((file) => `/${folder}/${file}`),
  );
  const named = pages.flatMap(({ file, text }) =>
    [...text.matchAll(/`([\w*./-]+\.(?:ts|mjs|grit))`/g)]
      .map(([, path = '']) => path)
      .filter((path) => !/[*]|^(jest\.config|\.dependency)/.test(path))
      .filter((path) => !files.some((known) => known.endsWith(`/${path}`)))
      .map((path) => `${file}: ${path}`),
  );
  expect(named).toEqual([]);
});

test('every decision is in the index', () => {
  const { text } = page('docs/decisions/README.md');
  const records = pages.filter(({ file }) => /decisions\/\d/.test(file));
  expect(records.length).toBeGreaterThan(0);
  expect(records.filter(({ file }) => !text.includes(file.split('/').at(-1) ?? ''))).toEqual([]);
});

test('every block of TypeScript compiles', async () => {
  const blocks = pages.flatMap((each) => blocksOf(each, 'ts')).filter(({ mark }) => mark === '');
  const named = pages.flatMap(namedFiles);
  const places = new Map([
    ...blocks.map((block, index) => [`block-${index}.ts`, block] as const),
    ...named.map((block) => [`${folderOf(block)}/${block.mark}`, block] as const),
  ]);
  const files = [...places.keys()];
  for (const [name, { code }] of places) {
    mkdirSync(dirname(join(scratch, name)), { recursive: true });
    writeFileSync(join(scratch, name), code);
  }
  const project = {
    extends: '../../../tsconfig.test.json',
    files,
  };
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(project));
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  const { output } = await runNode([tsc, '-p', scratch, '--pretty', 'false'], { cwd: scratch });
  const complaints = output.replace(/^(\S+)\((\d+),\d+\)/gm, (_all, name, line) => {
    const block = places.get(name);
    return `${block?.file}:${(block?.line ?? 0) + Number(line) - 1}`;
  });
  expect(complaints).toBe('');
}, 60_000);

describe('what is typed', () => {
  const shell = pages.flatMap((each) => blocksOf(each, 'sh'));

  test('is shell', () => {
    const broken = shell.filter(({ code }) => spawnSync('bash', ['-n', '-c', code]).status !== 0);
    expect(broken.map(({ file, line }) => `${file}:${line}`)).toEqual([]);
  });

  test('names the commands that the house has', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const named = pages.flatMap(({ text }) => [...text.matchAll(/npm run ([a-z-]+)/g)]);
    expect(named.length).toBeGreaterThan(20);
    expect(named.map(([, name]) => name).filter((name = '') => !(name in scripts))).toEqual([]);
  });

  test('names commands and options that tokenkeep has', () => {
    const lines = shell.flatMap(commandLinesIn);
    expect(lines.length).toBeGreaterThan(10);
    expect(unknownWords(join(root, 'packages/cli/dist/main.js'), lines)).toEqual([]);
  });

  test.each(
    pages
      .flatMap((each) => blocksOf(each, 'yaml'))
      .filter(({ code, mark }) => /^accounts:/m.test(code) && mark === '' && !usesPackage(code)),
  )('the configuration at $file:$line loads', async ({ code }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-docs-'));
    chmodSync(folder, 0o700);
    const path = join(folder, 'tokenkeep.yaml');
    writeFileSync(path, code, { mode: 0o600 });
    for (const [, name = ''] of code.matchAll(/\$\{file:([^}]+)\}/g)) {
      const secret = resolve(folder, name);
      if (secret.startsWith(folder)) writeFileSync(secret, 'secret', { mode: 0o600 });
    }
    const names = [...code.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
    const env = Object.fromEntries(names.map((name) => [name, 'secret']));
    try {
      await expect(loadConfig({ path, env })).resolves.toHaveProperty('accounts');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('what is shown runs', () => {
  const javaScript = async (code: string) =>
    (await transform(code, { loader: 'ts', format: 'esm', target: 'node20' })).code;

  /** Runs a program over the built packages, in a folder of its own. */
  async function run(program: string, env: Record<string, string> = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-docs-'));
    // As a project folder is made under umask 002.
    chmodSync(folder, 0o775);
    try {
      return await runNode([program], { cwd: folder, env });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  const readmes = pages.filter(
    (each) => each.file.endsWith('README.md') && blocksOf(each, 'ts').length > 0,
  );

  // Compared rather than run: a newer Node reads more than the oldest one that is supported.
  test.each(readmes)('the first program of $file is plain JavaScript for Node 20', async (each) => {
    const [{ code } = { code: '' }] = blocksOf(each, 'ts');
    const readFor = async (target: string) =>
      (await transform(code, { loader: 'js', format: 'esm', target })).code;
    expect(await readFor('node20.19')).toBe(await readFor('esnext'));
  });

  test("the README's first program gets a token and calls the API with it", async () => {
    const login = { email: 'ada@example.com', password: 'pw', appId: 'app_1_1' };
    const server = await new ChatAppAuthority({
      accounts: [{ accountId: 'crm', ...login }],
    }).start();
    try {
      const [block] = blocksOf(page('README.md'), 'ts');
      // As it stands, but for where the vendor is.
      const code = [
        ['https://api.chatapp.online', server.url],
        ['chatApp()', `chatApp({ baseUrl: '${server.url}' })`],
        ['createTokenEngine({', 'createTokenEngine({ allowInsecureLoopback: true,'],
      ].reduce((text, [from = '', to = '']) => {
        expect(text).toContain(from);
        return text.replace(from, to);
      }, block?.code ?? '');
      const program = join(scratch, 'quick-start.mjs');
      writeFileSync(program, code);
      const ended = await run(program, {
        CHATAPP_EMAIL: login.email,
        CHATAPP_PASSWORD: login.password,
        CHATAPP_APP_ID: login.appId,
      });
      expect(ended).toEqual({ code: 0, output: '200\n' });
      expect(server.log.entries.map(({ operation, outcome }) => [operation, outcome])).toEqual([
        ['obtain', 'issued'],
        ['api', 'served'],
      ]);
    } finally {
      await server.stop();
    }
  });

  test('the test that is shown to services passes', async () => {
    const [block] = blocksOf(page('docs/how-to/test-your-service.md'), 'ts');
    const program = join(scratch, 'service-test.mjs');
    writeFileSync(program, await javaScript(block?.code ?? ''));
    const { code, output } = await run(program);
    expect(output).not.toContain('Error');
    expect(code).toBe(0);
  });

  test('the provider that is shown passes its tests', async () => {
    const files = namedFiles(page('docs/how-to/write-a-provider.md'));
    const folder = mkdtempSync(join(scratch, 'provider-'));
    for (const { mark, code } of files) {
      writeFileSync(join(folder, mark.replace(/\.ts$/, '.js')), await javaScript(code));
    }
    const { code, output } = await run(join(folder, 'acme.test.js'));
    expect(output).toContain('pass 2');
    expect(code).toBe(0);
    const conformance = await run(join(folder, 'acme.conformance.test.js'));
    expect(conformance.output).toMatch(/^# pass [4-9]\d$/m);
    expect(conformance.code).toBe(0);
  });

  test('the package that is shown is named in a config, and bound in a container', async () => {
    const [provider] = namedFiles(page('docs/reference/provider-contract.md'));
    const [config] = blocksOf(page('docs/how-to/use-a-plug-in.md'), 'yaml');
    const program = blocksOf(page('docs/how-to/run-in-your-container.md'), 'ts').find(({ code }) =>
      code.includes('loadConfig'),
    );
    const acmeServer = namedFiles(page('docs/how-to/write-a-provider.md')).find(
      ({ mark }) => mark === 'acme-server.ts',
    );
    const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-docs-'));
    const installed = join(folder, 'node_modules/tokenkeep-provider-acme');
    mkdirSync(installed, { recursive: true, mode: 0o755 });
    for (const name of ['@tokenkeep', 'zod']) {
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    }
    const manifest = { name: 'tokenkeep-provider-acme', type: 'module', exports: './index.js' };
    writeFileSync(join(installed, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(installed, 'index.js'), await javaScript(provider?.code ?? ''));
    const server = join(scratch, 'shown-acme-server.mjs');
    writeFileSync(server, await javaScript(acmeServer?.code ?? ''));
    const { startAcme } = await import(server);
    const acme = await startAcme();
    try {
      const path = join(folder, 'tokenkeep.yaml');
      const local = (config?.code ?? '').replace('https://api.acme.example', acme.url);
      const text = `allowInsecureLoopback: true\nstore: ./tokens.db\n${local}`;
      writeFileSync(path, text, { mode: 0o600 });
      const container = join(scratch, 'shown-container.mjs');
      writeFileSync(container, await javaScript(program?.code ?? ''));
      const env = { TOKENKEEP_CONFIG: path, ACME_PASSWORD: 'pw' };
      expect(await run(container, env)).toEqual({ code: 0, output: 'acme/main\n' });
      expect(acme.asked).toEqual(['POST /login']);
    } finally {
      acme.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("a provider's conformance test is ten lines, and a description of less than thirty", () => {
    const [{ code } = { code: '' }] = namedFiles(page('docs/how-to/write-a-provider.md')).filter(
      ({ mark }) => mark === 'acme.conformance.test.ts',
    );
    const description = /^ {2}server: \{\n(?:.*\n)*? {2}\},\n/m.exec(code)?.[0] ?? code;
    const linesIn = (text: string) => text.split('\n').filter((line) => line.trim() !== '').length;
    expect(linesIn(description)).toBeLessThan(30);
    expect(linesIn(code.replace(description, ''))).toBeLessThanOrEqual(11);
  });
});
