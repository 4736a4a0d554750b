import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ChatAppAuthority } from '@tokenkeep/testing';
import { type LocalRegistry, startLocalRegistry } from './local-registry.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-release-'));
const house = join(folder, 'house');
const next = '0.2.0';

let registry: LocalRegistry;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  registry = await startLocalRegistry(folder);
  env = {
    ...registry.env,
    GIT_AUTHOR_NAME: 'a test',
    GIT_AUTHOR_EMAIL: 'test@localhost',
    GIT_COMMITTER_NAME: 'a test',
    GIT_COMMITTER_EMAIL: 'test@localhost',
  };
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

test('published from there, it installs from the registry, and serves ES modules and CommonJS', async () => {
  release('--publish', '--registry', registry.url);
  const project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  const names = ['core', 'provider-chatapp', 'store-sqlite'].map((name) => `@tokenkeep/${name}`);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...names], { cwd: project, env });

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

function inHouse(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { cwd: house, env, encoding: 'utf8', stdio: 'pipe' });
}
