import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ChatAppAuthority } from '@tokenkeep/testing';
import { distTag } from '../scripts/release-version.mjs';
import { type LocalRegistry, startLocalRegistry } from './local-registry.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-release-'));
const house = join(folder, 'house');
const temporary = join(folder, 'temporary');
const next = '0.2.0';

let registry: LocalRegistry;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  registry = await startLocalRegistry(folder);
  env = {
    ...registry.env,
    TMPDIR: temporary,
    GIT_AUTHOR_NAME: 'a test',
    GIT_AUTHOR_EMAIL: 'test@localhost',
    GIT_COMMITTER_NAME: 'a test',
    GIT_COMMITTER_EMAIL: 'test@localhost',
  };
  mkdirSync(temporary);
  copyHouse();
}, 300_000);

afterAll(() => {
  registry?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('one command gives all packages a version, dates the changes and tags the commit', () => {
  const changes = join(house, 'CHANGELOG.md');
  expect(() => release(next)).toThrow(/Head the changes in CHANGELOG\.md with: ## 0\.2\.0/);
  writeFileSync(
    changes,
    readFileSync(changes, 'utf8').replace(/^## /m, `## ${next} (not yet released)\n\n## `),
  );
  expect(() => release(next)).toThrow(/not committed/);
  inHouse('git', 'commit', '--quiet', '--all', '--message', 'Say what is new');
  inHouse('git', 'remote', 'add', 'origin', 'https://ada:pat-4711@git.example/tokenkeep.git');
  expect(release(next)).toContain(`v${next} is committed and tagged`);
  expect(readFileSync(changes, 'utf8')).toMatch(/^## 0\.2\.0 \(\d{4}-\d\d-\d\d\)$/m);
  expect(inHouse('git', 'describe')).toBe(`v${next}\n`);
  const provider = JSON.parse(
    readFileSync(join(house, 'packages/provider-chatapp/package.json'), 'utf8'),
  );
  expect([provider.version, provider.peerDependencies['@tokenkeep/core']]).toEqual([
    next,
    `^${next}`,
  ]);
  // npm believes where a package was built only if the package says the same, without whoever built it.
  expect(provider.repository).toEqual({
    type: 'git',
    url: 'git+https://git.example/tokenkeep.git',
    directory: 'packages/provider-chatapp',
  });
}, 300_000);

test.each(['0.4.0-a_b', '0.4', '01.2.3', '1.2.3-', '1.2.3-01', '1.2.3+linux'])(
  '%s is no version, and nothing is written',
  (wrong) => {
    expect(() => release(wrong)).toThrow(`"${wrong}" is no version`);
    expect(inHouse('git', 'status', '--porcelain')).toBe('');
  },
);

test('a version whose tag is there is refused in a sentence, before anything is written', () => {
  inHouse('git', 'tag', '--annotate', 'v0.3.0', '--message', 'of somebody else');
  const head = inHouse('git', 'rev-parse', 'HEAD');
  expect(refusal('0.3.0')).toBe('The tag v0.3.0 is there already.\n');
  expect(inHouse('git', 'rev-parse', 'HEAD')).toBe(head);
  expect(inHouse('git', 'status', '--porcelain')).toBe('');
});

test('a release that fails half-way leaves everything as it was', () => {
  const changes = join(house, 'CHANGELOG.md');
  const text = readFileSync(changes, 'utf8');
  writeFileSync(changes, text.replace(/^## /m, '## 0.5.0 (not yet released)\n\n## '));
  inHouse('git', 'commit', '--quiet', '--all', '--message', 'Say what is new');
  const hook = join(house, '.git/hooks/pre-commit');
  mkdirSync(dirname(hook), { recursive: true });
  writeFileSync(hook, '#!/bin/sh\necho "not today" >&2\nexit 1\n', { mode: 0o755 });
  expect(refusal('0.5.0')).toBe('git commit failed: not today\n');
  expect(inHouse('git', 'status', '--porcelain')).toBe('');
  rmSync(hook);
  inHouse('git', 'reset', '--quiet', '--hard', `v${next}`);
}, 60_000);

test('only a commit with the tag of its own version is published', () => {
  inHouse('git', 'commit', '--quiet', '--allow-empty', '--message', 'Something more');
  inHouse('git', 'tag', '--annotate', 'v9.9.9', '--message', 'of another version');
  expect(refusal('--publish', '--registry', registry.url)).toMatch(
    /^lerna\.json says 0\.2\.0, and v0\.2\.0 is no tag of this commit/,
  );
  inHouse('git', 'reset', '--quiet', '--hard', `v${next}`);
});

test('published from there, it installs from the registry, and serves ES modules and CommonJS', async () => {
  // An older build, as far as it is left, and what else git ignores.
  cpSync(join(root, 'packages/core/dist'), join(house, 'packages/core/dist'), { recursive: true });
  rmSync(join(house, 'packages/core/dist/index.js'));
  writeFileSync(join(house, 'packages/core/dist/stale.js'), 'export {};\n');
  const log = join(house, 'packages/core/src/debug.log');
  writeFileSync(log, 'debug\n');
  expect(refusal('--publish', '--registry', registry.url)).toBe(
    'packages/core/src/debug.log is not in git, and would be published.\n',
  );
  rmSync(log);
  release('--publish', '--registry', registry.url);
  expect(readdirSync(temporary)).toEqual([]);
  const project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  const names = ['core', 'provider-chatapp', 'store-sqlite'].map((name) => `@tokenkeep/${name}`);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...names], { cwd: project, env });

  expect(readdirSync(join(project, 'node_modules/@tokenkeep/core/dist'))).not.toContain('stale.js');

  const login = { email: 'ada@example.com', password: 'pw-4711', appId: 'app_1_1' };
  await using server = await new ChatAppAuthority({
    accounts: [{ accountId: 'crm', ...login }],
  }).start();
  const members = ['createTokenEngine', 'chatApp', 'sqliteStore'];
  const heads = {
    'host.mjs': names.map((from, at) => `import { ${members[at]} } from '${from}';`),
    'host.cjs': names.map((from, at) => `const { ${members[at]} } = require('${from}');`),
  };
  for (const [name, head] of Object.entries(heads)) {
    writeFileSync(join(project, name), `${head.join('\n')}\n${quickStart(server.url, login)}`);
    // The server answers from this process: nothing here may stand still meanwhile.
    const { stdout } = await promisify(execFile)(process.execPath, [name], { cwd: project, env });
    expect([name, stdout]).toEqual([name, 'true\n']);
  }
  // The store is shared: the second host found the token of the first.
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
}, 600_000);

test('a version before the release is not what is installed by default', () => {
  const beta = '0.3.0-beta.1';
  const changes = join(house, 'CHANGELOG.md');
  const text = readFileSync(changes, 'utf8');
  writeFileSync(changes, text.replace(/^## /m, `## ${beta} (not yet released)\n\n## `));
  inHouse('git', 'commit', '--quiet', '--all', '--message', 'Say what is new');
  release(beta, '--publish', '--registry', registry.url);
  for (const name of ['@tokenkeep/core', 'tokenkeep', 'create-tokenkeep-provider']) {
    const tags = JSON.parse(inHouse('npm', 'view', name, 'dist-tags', '--json'));
    expect([name, tags]).toEqual([name, { latest: next, beta }]);
  }
}, 300_000);

test.each([
  ['1.2.3', 'latest'],
  ['1.2.3-rc.1', 'rc'],
  ['1.2.3-1', 'next'],
  ['1.2.3-latest.1', 'next'],
  // npm takes no tag that may be a range of versions.
  ['1.2.3-x.1', 'next'],
])('%s gets the tag %s', (version, tag) => {
  expect(distTag(version)).toBe(tag);
});

/** The README's program, at a server of this test. */
function quickStart(baseUrl: string, login: object): string {
  return `
    (async () => {
      const engine = await createTokenEngine({
        store: sqliteStore({ path: 'data/tokens.db' }),
        providers: [chatApp({ baseUrl: '${baseUrl}' })],
        accounts: [{ provider: 'chatapp', account: 'crm', credentials: ${JSON.stringify(login)} }],
        allowInsecureLoopback: true,
      });
      try {
        console.log(await engine.withToken('crm', async (token) => token.headers() !== undefined));
      } finally {
        await engine.stop();
      }
    })();
  `;
}

/** What is committed and what is built, with the dependencies of the real one. */
function copyHouse(): void {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.split('\0').filter((each) => each !== '')) {
    cpSync(join(root, file), join(house, file));
  }
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  inHouse('git', 'init', '--quiet');
  inHouse('git', 'add', '--all');
  inHouse('git', 'commit', '--quiet', '--message', 'As it stands');
}

function release(...args: readonly string[]): string {
  return inHouse('npm', 'run', '--silent', 'release', '--', ...args);
}

/** What it says on stderr, where it refuses. */
function refusal(...args: readonly string[]): string {
  const command = ['run', '--silent', 'release', '--', ...args];
  const { status, stderr } = spawnSync('npm', command, { cwd: house, env, encoding: 'utf8' });
  expect(status).toBe(2);
  return stderr;
}

function inHouse(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { cwd: house, env, encoding: 'utf8', stdio: 'pipe' });
}
