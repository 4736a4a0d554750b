// npm run release -- 0.2.0 [--publish]: one version for all packages, dated in CHANGELOG.md, committed and
// tagged; with --publish lerna brings them to the registry. Without a version, --publish publishes what is
// tagged: after a release that stopped half-way, npm has some packages, and gets the others.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { endLike, root, run } from './child.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { publish: { type: 'boolean' }, registry: { type: 'string' } },
});
const [version] = positionals;
const changelog = join(root, 'CHANGELOG.md');

/** @param {string} sentence */
function refuse(sentence) {
  console.error(sentence);
  process.exit(2);
}

/** @param {readonly string[]} args */
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

if (version === undefined && !values.publish) {
  refuse('Say which version: npm run release -- 0.2.0 [--publish]');
}
if (git('status', '--porcelain') !== '') refuse('There are changes that are not committed.');
if (version !== undefined) prepare(version);
if (values.publish) await publish();

/** @param {string} next */
function prepare(next) {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(next))
    refuse(`"${next}" is no version: 1.2.3, 1.2.3-beta.1`);
  const unreleased = /^## (\S+) \(not yet released\)$/m;
  const text = readFileSync(changelog, 'utf8');
  if (unreleased.exec(text)?.[1] !== next) {
    refuse(`Head the changes in CHANGELOG.md with: ## ${next} (not yet released)`);
  }
  const today = new Date().toISOString().slice(0, 10);
  writeFileSync(changelog, text.replace(unreleased, `## ${next} (${today})`));
  const repository = origin();
  for (const manifest of manifests()) bump(manifest, next, repository);
  execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit'], {
    cwd: root,
    stdio: 'ignore',
  });
  git('commit', '--all', '--message', `Release ${next}`);
  git('tag', '--annotate', `v${next}`, '--message', `Tokenkeep ${next}`);
  console.log(`v${next} is committed and tagged.`);
}

/** Where the sources are, without whoever may read them: provenance is only believed beside it. */
function origin() {
  const remotes = git('remote').split('\n');
  if (!remotes.includes('origin')) return undefined;
  const url = git('remote', 'get-url', 'origin').replace(/^[\w.-]+@([\w.-]+):/, 'ssh://git@$1/');
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, pathname } = new URL(url);
  return `git+${protocol}//${protocol === 'ssh:' ? 'git@' : ''}${host}${pathname}`;
}

/**
 * The packages know each other by exactly this version, plug-ins know core from it on.
 *
 * @param {string} path
 * @param {string} next
 * @param {string | undefined} repository
 */
function bump(path, next, repository) {
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  manifest.version = next;
  const directory = relative(root, dirname(path));
  if (repository !== undefined && directory.startsWith('packages')) {
    manifest.repository = { type: 'git', url: repository, directory };
  }
  for (const kind of ['dependencies', 'peerDependencies', 'devDependencies']) {
    for (const [name, range] of Object.entries(manifest[kind] ?? {})) {
      if (!isOurs(name) || range === '*') continue;
      manifest[kind][name] = `${range.startsWith('^') ? '^' : ''}${next}`;
    }
  }
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @param {string} name */
function isOurs(name) {
  return (
    name === 'tokenkeep' || name === 'create-tokenkeep-provider' || name.startsWith('@tokenkeep/')
  );
}

function manifests() {
  const folders = readdirSync(join(root, 'packages')).map((name) => join('packages', name));
  return ['.', ...folders, 'lerna']
    .map((folder) => join(root, folder === 'lerna' ? 'lerna.json' : join(folder, 'package.json')))
    .filter(existsSync);
}

async function publish() {
  git('describe', '--exact-match', '--match', 'v*');
  const registry = values.registry === undefined ? [] : ['--registry', values.registry];
  // npm signs where it was built if the CI says who it is: see "provenance" in npm's documentation.
  if (process.env.ACTIONS_ID_TOKEN_REQUEST_URL) process.env.NPM_CONFIG_PROVENANCE = 'true';
  const lerna = join(root, 'node_modules/lerna/dist/cli.js');
  const args = ['publish', 'from-package', '--yes', '--no-verify-access', ...registry];
  const build = await run(process.execPath, [
    join(root, 'node_modules/@typescript/native/bin/tsc'),
    '-b',
  ]);
  endLike(build.code === 0 ? await run(process.execPath, [lerna, ...args]) : build);
}
