// Brings a clone into a state where tests and demo can run: Node version, dependencies, build.
// Each step is skipped when its result is already there.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './child.mjs';
import { step } from './step.mjs';

/** @param {string} file */
const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

function nodeVersionProblem() {
  const [needMajor, needMinor] = readJson('package.json').engines.node.match(/\d+/g).map(Number);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return undefined;
  return (
    `Tokenkeep needs Node ${needMajor}.${needMinor} or newer; this is Node ${process.versions.node}.\n` +
    'Install a newer Node (https://nodejs.org) and run the command again.'
  );
}

/**
 * npm notes what it has installed at the end of each complete installation; an interrupted one
 * leaves no note.
 */
function dependenciesAreInstalled() {
  const note = 'node_modules/.package-lock.json';
  if (!existsSync(join(root, note))) return false;
  const installed = readJson(note).packages;
  return Object.entries(readJson('package-lock.json').packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true;
    const found = installed[path];
    if (found === undefined) return Boolean(wanted.optional || wanted.devOptional || wanted.peer);
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** @returns {Promise<boolean>} false: a step failed, its message is shown, the exit code is set */
export async function prepare() {
  const problem = nodeVersionProblem();
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
    return false;
  }

  if (!dependenciesAreInstalled()) {
    const npm = process.env.npm_execpath;
    const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const title = 'installing dependencies (npm ci; a minute on the first run)';
    const installed =
      npm === undefined
        ? await step(title, 'npm', install)
        : await step(title, process.execPath, [npm, ...install]);
    if (!installed) return false;
  }

  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  return step('building packages (tsc -b)', process.execPath, [tsc, '-b', '--pretty']);
}
