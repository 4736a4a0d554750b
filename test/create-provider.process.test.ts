import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packAll } from '../scripts/pack-all.mjs';
import { boxesOf } from './docs/markdown.js';
import { type LocalRegistry, startLocalRegistry } from './local-registry.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-create-'));
let registry: LocalRegistry;

beforeAll(async () => {
  registry = await startLocalRegistry(folder);
  const packed = join(folder, 'packed');
  mkdirSync(packed);
  for (const tarball of packAll(packed)) {
    if (!/\/(create-tokenkeep-provider|tokenkeep-(core|testing))-\d/.test(tarball)) continue;
    execFileSync('npm', ['publish', tarball], { env: registry.env, stdio: 'ignore' });
  }
}, 300_000);

afterAll(() => {
  registry?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** As it is typed, in a shell of somebody who has Node and nothing else, not even a bashrc. */
function shell(code: string, cwd: string) {
  const env = { ...registry.env, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-euc', code], {
    cwd,
    encoding: 'utf8',
    env,
  });
  return { status, output: `${stdout}${stderr}` };
}

function emptyFolder(): string {
  const cwd = mkdtempSync(join(folder, 'author-'));
  expect(readdirSync(cwd)).toEqual([]);
  return cwd;
}

describe.each([
  ['single use, which can be revoked', '--refresh-token single-use --revocation'],
  ['reusable', '--refresh-token reusable'],
  ['none', '--refresh-token none'],
])('a provider of refresh tokens: %s', (_, flags) => {
  test('is made in an empty folder, builds, passes the conformance tests, and is fit for npm', () => {
    const startedAt = performance.now();
    const cwd = emptyFolder();
    const place = join(cwd, 'tokenkeep-provider-acme');
    const done = (code: string, where = place) => {
      const { status, output } = shell(code, where);
      expect([code, status, output]).toEqual([code, 0, output]);
      return output;
    };
    done(`npm create tokenkeep-provider acme -- --base-url http://127.0.0.1:9 ${flags} --yes`, cwd);
    done('npm install --no-audit --no-fund');
    // So does one that is installed from a folder or from git.
    done('test -f dist/src/index.js');
    const said = done('npm test');
    const seconds = (performance.now() - startedAt) / 1_000;
    process.stdout.write(`npm create to passing conformance: ${seconds.toFixed(1)} s (${flags})\n`);
    expect(said).toMatch(/^# pass [3-9]\d$/m);
    expect(said).toMatch(/^# fail 0$/m);
    expect(seconds).toBeLessThan(300);

    const packed = JSON.parse(done('npm pack --dry-run --json --ignore-scripts 2>/dev/null'));
    const files = packed[0].files.map(({ path }: { path: string }) => path);
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'dist/src/index.d.ts', 'src/index.ts']),
    );
    expect(files.filter((path: string) => /test|tsconfig|\.github/.test(path))).toEqual([]);
    const publint = join(root, 'node_modules/publint/src/cli.js');
    done(`node ${publint} . --strict`);
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    done(`npm pack --silent && node ${attw} *.tgz --profile esm-only`);
  }, 600_000);
});

test('a name that will not do is a sentence and exit code 2, and nothing is written', () => {
  const cwd = emptyFolder();
  const { status, output } = shell('npm create tokenkeep-provider Acme/x -- --yes', cwd);
  expect(status).toBe(2);
  expect(output).toContain('The name of a provider begins with a letter');
  expect(readdirSync(cwd)).toEqual([]);
}, 120_000);

test('options that npm took for its own are told of', () => {
  const cwd = emptyFolder();
  for (const flags of ['--base-url https://api.acme.example', '--revocation']) {
    const { status, output } = shell(`npm create tokenkeep-provider acme ${flags}`, cwd);
    expect([flags, status, output]).toEqual([flags, 2, output]);
    expect(output).toContain('put "--" before the options: npm create tokenkeep-provider acme --');
  }
  expect(readdirSync(cwd)).toEqual([]);
}, 120_000);

test('a second run overwrites nothing', () => {
  const cwd = emptyFolder();
  const code = 'npm create tokenkeep-provider acme -- --yes';
  expect(shell(code, cwd).status).toBe(0);
  const readme = join(cwd, 'tokenkeep-provider-acme/README.md');
  writeFileSync(readme, 'mine\n');
  rmSync(join(cwd, 'tokenkeep-provider-acme/package.json'));
  const again = shell(code, cwd);
  expect(again.status).toBe(2);
  expect(again.output).toContain('is there already, and nothing is overwritten');
  expect(readFileSync(readme, 'utf8')).toBe('mine\n');
  expect(readdirSync(join(cwd, 'tokenkeep-provider-acme'))).not.toContain('package.json');
}, 120_000);

test('the tutorial, from top to bottom, ends in a package that npm would take', () => {
  const file = 'docs/tutorials/write-a-provider.md';
  const boxes = boxesOf({ file, text: readFileSync(join(root, file), 'utf8') });
  const startedAt = performance.now();
  let cwd = emptyFolder();
  let said = '';
  for (const { language, mark, code } of boxes) {
    if (language === 'ts') writeFileSync(join(cwd, mark), code);
    else if (language === 'text') {
      // What is no terminal gets TAP, which escapes quotes.
      const plain = said.replaceAll('\\"', '"');
      for (const line of code.trim().split('\n')) expect(plain).toContain(line);
    } else {
      const { status, output } = shell(code, cwd);
      said = output;
      expect([code, status === 0, output]).toEqual([code, mark !== 'fails', output]);
      const [, into] = /^cd (\S+)$/m.exec(code) ?? [];
      if (into !== undefined) cwd = join(cwd, into);
    }
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  process.stdout.write(`the tutorial, as fast as it can be typed: ${seconds.toFixed(1)} s\n`);
  expect(said).toContain('tokenkeep-provider-acme@0.1.0');
}, 600_000);
