// npm run check: everything a machine can judge without running the engine. All steps run, so that
// one round shows every problem.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { endLike, root, run } from './child.mjs';
import { layoutProblems } from './layout.mjs';
import { prepare } from './prepare.mjs';

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

const bin = (/** @type {string} */ path) => join(root, 'node_modules', path);
const tsc = bin('@typescript/native/bin/tsc');
const biome = bin('@biomejs/biome/bin/biome');
const depcruise = bin('dependency-cruiser/bin/dependency-cruise.mjs');

/** @type {(readonly [title: string, args: readonly string[]])[]} */
const steps = [
  ...readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}/tsconfig.test.json`)
    .filter((project) => existsSync(join(root, project)))
    .concat('test/tsconfig.json')
    .map((project) => /** @type {const} */ ([`types: ${project}`, [tsc, '-p', project]])),
  ['lint and formatting', [biome, 'check', '--error-on-warnings', '.']],
  [
    'dependency rules',
    [depcruise, '--config', '.dependency-cruiser.mjs', '--output-type', 'err-long', 'packages'],
  ],
  ['nothing that nobody uses', [bin('knip/bin/knip.js')]],
  ['public API, as its reports say', [join(root, 'scripts/api-reports.mjs'), '--check']],
  ['tarballs, as Node and TypeScript see them', [join(root, 'scripts/check-tarballs.mjs')]],
  ['rows of the catalogues', [join(root, 'scripts/rows.mjs'), '--summary']],
];

/** @type {string[]} */
const failed = [];

/** @param {string} title @param {boolean} passed @param {string} details @param {number} startedAt */
function report(title, passed, details, startedAt) {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`${passed ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)`);
  if (passed) return;
  failed.push(title);
  say(details.trimEnd());
}

if (await prepare()) {
  for (const [title, args] of steps) {
    const startedAt = performance.now();
    const end = await run(process.execPath, args, { output: 'kept' });
    if (end.signal !== null) endLike(end);
    report(title, end.code === 0, end.output, startedAt);
  }
  const startedAt = performance.now();
  const problems = layoutProblems(root);
  report('layout of the packages', problems.length === 0, problems.join('\n'), startedAt);

  say(failed.length === 0 ? 'All checks passed.' : `${failed.length} failed: ${failed.join(', ')}`);
  if (failed.length > 0) process.exitCode = 1;
}
