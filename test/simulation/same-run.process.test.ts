import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';

const run = promisify(execFile);
const script = fileURLToPath(new URL('processes/play-seeds.mjs', import.meta.url));
const seeds = ['1', '2', '3', '4'];
const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-nodes-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A line for each seed, and its hash. */
async function hashesOn(node: string): Promise<string> {
  const { stdout } = await run(node, [script, ...seeds]);
  return stdout;
}

/** The Node of a release line, from the registry package that carries its binary. */
async function nodeOf(line: string): Promise<string | undefined> {
  const name = `node-${process.platform}-${process.arch}`;
  const into = join(folder, line);
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
  const quick = ['--prefer-offline', '--fetch-retries', '0', '--fetch-timeout', '20000'];
  try {
    await run('npm', [...args, ...quick, '--prefix', into, `${name}@${line}`], {
      timeout: 90_000,
    });
    const node = join(into, 'node_modules', name, 'bin', 'node');
    const { stdout } = await run(node, ['--version']);
    return stdout.startsWith(`v${line}.`) ? node : undefined;
  } catch {
    return undefined;
  }
}

/** Lines other than the one that runs these tests. */
const lines = ['20', '22', '24'].filter((line) => !process.version.startsWith(`v${line}.`));
const nodes = new Map<string, string | undefined>();
for (const line of lines) nodes.set(line, await nodeOf(line));

const here = hashesOn(process.execPath);

test('a seed plays the same run in two processes', async () => {
  const hashes = (await here).trim().split('\n');
  expect(hashes.map((line) => line.split(' ')[0])).toEqual(seeds);
  expect(new Set(hashes.map((line) => line.split(' ')[1])).size).toBe(seeds.length);
  expect(await hashesOn(process.execPath)).toBe(await here);
}, 120_000);

for (const [line, node] of nodes) {
  // Without a registry there is no other Node to run it on.
  const onNode = node === undefined ? test.skip : test;
  onNode(
    `a seed plays the same run on Node ${line}`,
    async () => {
      expect(await hashesOn(String(node))).toBe(await here);
    },
    120_000,
  );
}
