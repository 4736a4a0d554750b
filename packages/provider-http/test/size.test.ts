import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url));

test('minified, without its dependencies, it is at most 15 kB, and knows no container', async () => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  const [{ text } = { text: '' }] = outputFiles;
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(15 * 1_024);
  expect(text).not.toContain('inversify');
});
