import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { blocksOf } from './docs/markdown.js';
import { runNode } from './docs/run-node.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'test/examples');

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

test('the story that the how-to shows is one of them', () => {
  const file = 'docs/how-to/simulate-a-bad-night.md';
  const [shown] = blocksOf({ file, text: readFileSync(join(root, file), 'utf8') }, 'ts');
  expect(shown?.code).toBe(readFileSync(join(folder, 'bad-night.test.ts'), 'utf8'));
});

/** Jest runs them where they lie. This is the same files, over the built packages, in Vitest. */
test('the examples for services pass in Vitest as well', async () => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const config = join(folder, 'vitest.config.ts');
  // A slow machine is no failure of theirs.
  const args = ['run', '--config', config, '--reporter=json', '--testTimeout=60000'];
  const { code, output } = await runNode([vitest, ...args], { cwd: root });
  expect({ code, output }).toMatchObject({ code: 0 });
  const { testResults } = JSON.parse(output.slice(output.indexOf('{'))) as Report;

  const files = readdirSync(folder).filter((name) => /^[^.]+\.test\.ts$/.test(name));
  expect(testResults.map(({ name }) => basename(name)).sort()).toEqual(files.sort());
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(tests.length).toBeGreaterThanOrEqual(files.length);
  expect(tests.filter(({ status }) => status !== 'passed')).toEqual([]);
}, 180_000);
