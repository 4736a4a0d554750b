// npm run release -- 0.2.0 [--publish]: one version for all packages, dated in CHANGELOG.md, committed and
// tagged; with --publish lerna brings them to the registry. Without a version, --publish publishes what is
// tagged: after a release that stopped half-way, npm has some packages, and gets the others.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { endLike, root, run } from './child.mjs';
import { publishedPackages } from './published-packages.mjs';
import { distTag, isVersion } from './release-version.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { publish: { type: 'boolean' }, registry: { type: 'string' } },
});
const [version] = positionals;
const changelog = join(root, 'CHANGELOG.md');

try {
  if (version === undefined && !values.publish) {
    refuse('Say which version: npm run release -- 0.2.0 [--publish]');
  }
  if (git('status', '--porcelain') !== '') refuse('There are changes that are not committed.');
  if (version !== undefined) prepare(version);
  if (values.publish) await publish();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

/**
 * @param {string} sentence
 * @returns {never}
 */
function refuse(sentence) {
  throw new Error(sentence);
}

/** @param {readonly string[]} args */
function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) refuse(`git ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`);
  return stdout.trim();
}

/** @param {string} next */
function prepare(next) {
  if (!isVersion(next)) refuse(`"${next}" is no version: 1.2.3, 1.2.3-beta.1`);
  if (git('tag', '--list', `v${next}`) !== '') refuse(`The tag v${next} is there already.`);
  const unreleased = /^## (\S+) \(not yet released\)$/m;
  const text = readFileSync(changelog, 'utf8');
  if (unreleased.exec(text)?.[1] !== next) {
    refuse(`Head the changes in CHANGELOG.md with: ## ${next} (not yet released)`);
  }
  const before = git('rev-parse', 'HEAD');
  try {
    const today = new Date().toISOString().slice(0, 10);
    writeFileSync(changelog, text.replace(unreleased, `## ${next} (${today})`));
    const repository = origin();
    for (const manifest of manifests()) bump(manifest, next, repository);
    lock();
    git('commit', '--all', '--message', `Release ${next}`);
    git('tag', '--annotate', `v${next}`, '--message', `Tokenkeep ${next}`);
  } catch (error) {
    // All was committed when this began: nobody else's work is lost.
    git('reset', '--quiet', '--hard', before);
    throw error;
  }
  console.log(`v${next} is committed and tagged.`);
}

function lock() {
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit'];
  const { status, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) refuse(`npm could not write package-lock.json: ${stderr.trim()}`);
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
  const { version: tagged } = JSON.parse(readFileSync(join(root, 'lerna.json'), 'utf8'));
  if (!git('tag', '--points-at', 'HEAD').split('\n').includes(`v${tagged}`)) {
    refuse(
      `lerna.json says ${tagged}, and v${tagged} is no tag of this commit: check that tag out.`,
    );
  }
  const other = publishedPackages(root).find(({ manifest }) => manifest.version !== tagged);
  if (other !== undefined) refuse(`${other.manifest.name} is not of version ${tagged}.`);
  await buildAnew();
  const registry = values.registry === undefined ? [] : ['--registry', values.registry];
  // npm signs where it was built if the CI says who it is: see "provenance" in npm's documentation.
  if (process.env.ACTIONS_ID_TOKEN_REQUEST_URL) process.env.NPM_CONFIG_PROVENANCE = 'true';
  const lerna = join(root, 'node_modules/lerna/dist/cli.js');
  const tag = ['--dist-tag', distTag(tagged)];
  const args = ['publish', 'from-package', '--yes', '--no-verify-access', ...tag, ...registry];
  // lerna leaves the tarballs behind.
  const tarballs = mkdtempSync(join(tmpdir(), 'tokenkeep-release-'));
  process.env.TMPDIR = tarballs;
  const end = await run(process.execPath, [lerna, ...args]);
  rmSync(tarballs, { recursive: true, force: true });
  endLike(end);
}

/** Nothing that git does not know is published: no file of an older build, none that it ignores. */
async function buildAnew() {
  await step('removing what was built', 'scripts/clean.mjs');
  const ignored = git('ls-files', '--others', '--ignored', '--exclude-standard', 'packages');
  const stray = ignored.split('\n').find((path) => /^packages\/[^/]+\/src\//.test(path));
  if (stray !== undefined) refuse(`${stray} is not in git, and would be published.`);
  await step('building', 'node_modules/@typescript/native/bin/tsc', '-b', '--force');
  await step('looking at each tarball', 'scripts/check-tarballs.mjs');
}

/**
 * @param {string} title
 * @param {string} program
 * @param {readonly string[]} args
 */
async function step(title, program, ...args) {
  console.log(`> ${title} ...`);
  const { code } = await run(process.execPath, [join(root, program), ...args]);
  if (code !== 0) refuse(`Nothing was published: ${title} failed.`);
}
